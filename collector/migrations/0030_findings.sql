-- What a finding was raised for, and who settled it.

-- `facts` is JSON (src/findings/facts.rs), NULL of findings of before. `agent` is the agent that it is about, where it is
-- about one. `by_collector` is 1 while the collector itself put it into its state: then it is raised again as soon as it
-- holds again, which what a person settled is only by its kind's rule (docs/FINDINGS.md).
ALTER TABLE findings ADD COLUMN facts TEXT;
ALTER TABLE findings ADD COLUMN agent INTEGER REFERENCES agents (id);
ALTER TABLE findings ADD COLUMN by_collector INTEGER NOT NULL DEFAULT 0;
CREATE INDEX findings_agent ON findings (agent);

-- Work that one collector does for all of them: none other does while `until` (milliseconds since 1970) is ahead. `done`
-- is how far it has come, in the work's own measure.
CREATE TABLE duties (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL,
    done   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
