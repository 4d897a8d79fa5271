-- What agents are to run with, and who is to run which.

-- The key that signs it (PKCS #8, hexadecimal digits). One row at most.
CREATE TABLE configuration_key (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key  TEXT    NOT NULL,
    made INTEGER NOT NULL
) STRICT;

-- What was published. `settings` is JSON (report/src/configuration.rs), `catalogue` TOML.
CREATE TABLE configurations (
    id        INTEGER PRIMARY KEY,
    published INTEGER NOT NULL,
    comment   TEXT    NOT NULL,
    settings  TEXT    NOT NULL,
    catalogue TEXT
) STRICT;

-- Whose it is: the last one that holds for an agent counts. A label is a key and a value of the host; without one it
-- is everybody's. `serial` is milliseconds since 1970, and rises.
CREATE TABLE rollouts (
    serial   INTEGER NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL REFERENCES configurations (id),
    label    TEXT,
    value    TEXT
) STRICT;

-- Labels of hosts, and those that a token gives: a JSON object each. `labelled` is when they last changed.
ALTER TABLE tokens ADD COLUMN labels TEXT;
ALTER TABLE enrolments ADD COLUMN labels TEXT;
ALTER TABLE enrolments ADD COLUMN labelled INTEGER;

-- What an agent says that it runs, and why not the last one.
ALTER TABLE agents ADD COLUMN configuration INTEGER;
ALTER TABLE agents ADD COLUMN configuration_refused TEXT;
