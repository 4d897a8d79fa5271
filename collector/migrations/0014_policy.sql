-- What the organisation has decided (policy/src/lib.rs). Nothing here is changed or removed, but that a sanction ends,
-- so that a question about the past is answered as it would have been then.

-- Each change of the policy, in order: `version` is one more than the last one, `applied` is milliseconds since 1970 and
-- rises. `actor` is who did it, `members` the users of the policy's groups (JSON), `file` the text that was applied.
CREATE TABLE policies (
    version INTEGER NOT NULL PRIMARY KEY,
    applied INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    comment TEXT    NOT NULL,
    members TEXT    NOT NULL,
    file    TEXT
) STRICT;

-- A sanction is in force from the version `began` on, and from `ended` on no more. `body` is JSON (policy/src/sanction.rs).
CREATE TABLE sanctions (
    id    INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL,
    body  TEXT    NOT NULL,
    began INTEGER NOT NULL REFERENCES policies (version),
    ended INTEGER REFERENCES policies (version)
) STRICT;
CREATE UNIQUE INDEX sanctions_in_force ON sanctions (name) WHERE ended IS NULL;
CREATE INDEX sanctions_ended ON sanctions (ended);

-- The version of the policy under which a finding was raised, and the sanction that counted, if any did.
ALTER TABLE findings ADD COLUMN policy INTEGER;
ALTER TABLE findings ADD COLUMN sanction TEXT;
