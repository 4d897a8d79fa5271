-- Groups that a caller's user is in, as the host said last: a JSON array of names, sorted. NULL: it has not said.
ALTER TABLE callers ADD COLUMN user_groups TEXT;
