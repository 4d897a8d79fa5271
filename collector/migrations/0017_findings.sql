-- What a person has done about a finding. `state` is open, acknowledged, resolved, snoozed or false_alarm; one that is
-- snoozed is open again from `snoozed_until` on. Times are milliseconds since 1970.
ALTER TABLE findings ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
ALTER TABLE findings ADD COLUMN snoozed_until INTEGER;
ALTER TABLE findings ADD COLUMN decided INTEGER;
ALTER TABLE findings ADD COLUMN decided_by TEXT;
ALTER TABLE findings ADD COLUMN decided_reason TEXT;
CREATE INDEX findings_state ON findings (state, snoozed_until);
