-- What set a caller off last, as the agent says it: JSON with `kind`, `name` and `peer` (report/src/origin.rs).
ALTER TABLE callers ADD COLUMN origin TEXT;
