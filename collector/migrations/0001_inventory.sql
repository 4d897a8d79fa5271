-- The fleet's inventory. Times are milliseconds since 1970-01-01 UTC; evidence is a rank, strongest lowest
-- (src/store/evidence.rs). Only what both SQLite and PostgreSQL know is used, but for STRICT and WITHOUT ROWID.

CREATE TABLE agents (
    id           INTEGER PRIMARY KEY,
    agent        TEXT    NOT NULL UNIQUE,
    host         TEXT    NOT NULL,
    machine_id   TEXT,
    version      TEXT    NOT NULL,
    kernel       TEXT    NOT NULL,
    started      INTEGER NOT NULL,
    first_report INTEGER NOT NULL,
    last_report  INTEGER NOT NULL
) STRICT;
CREATE INDEX agents_last_report ON agents (last_report);

-- The last record of each spool that is in this store: what makes a repeat harmless.
CREATE TABLE streams (
    agent    INTEGER NOT NULL REFERENCES agents (id),
    epoch    TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch)
) STRICT, WITHOUT ROWID;

-- What an agent lost, by the run that lost it: an agent counts from zero at each start. `started` 0 holds old runs.
CREATE TABLE losses (
    agent     INTEGER NOT NULL REFERENCES agents (id),
    started   INTEGER NOT NULL,
    cause     TEXT    NOT NULL,
    count     INTEGER NOT NULL,
    last_rise INTEGER NOT NULL,
    PRIMARY KEY (agent, started, cause)
) STRICT, WITHOUT ROWID;

-- Records that never came: told by the agent, or (`explained` 0) a hole in the numbers that nothing stands for.
CREATE TABLE gaps (
    id             INTEGER PRIMARY KEY,
    agent          INTEGER NOT NULL REFERENCES agents (id),
    epoch          TEXT    NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    records        INTEGER NOT NULL,
    explained      INTEGER NOT NULL,
    first_seen     INTEGER,
    last_seen      INTEGER,
    received       INTEGER NOT NULL
) STRICT;

-- A caller's fleet-wide form: what ran and in which image or unit, whoever ran it and wherever.
CREATE TABLE programs (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    place TEXT NOT NULL,
    UNIQUE (name, place)
) STRICT;

-- A caller on a host. The last six columns are what was last said of it.
CREATE TABLE callers (
    id        INTEGER PRIMARY KEY,
    agent     INTEGER NOT NULL REFERENCES agents (id),
    program   INTEGER NOT NULL REFERENCES programs (id),
    uid       INTEGER NOT NULL,
    user_name TEXT,
    exe       TEXT,
    script    TEXT,
    container TEXT,
    image     TEXT,
    unit      TEXT,
    UNIQUE (agent, program, uid)
) STRICT;
CREATE INDEX callers_program ON callers (program);

CREATE TABLE destinations (
    id      INTEGER PRIMARY KEY,
    vendor  TEXT NOT NULL,
    service TEXT NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    UNIQUE (vendor, service, kind, name)
) STRICT;

CREATE TABLE observations (
    caller      INTEGER NOT NULL REFERENCES callers (id),
    destination INTEGER NOT NULL REFERENCES destinations (id),
    hour        INTEGER NOT NULL,
    flows       INTEGER NOT NULL,
    bytes_out   INTEGER NOT NULL,
    bytes_in    INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    evidence    INTEGER NOT NULL,
    PRIMARY KEY (caller, destination, hour)
) STRICT, WITHOUT ROWID;

-- The sum of a caller's observations of one destination: a row of the page, ready to be read in order.
CREATE TABLE uses (
    id          INTEGER PRIMARY KEY,
    caller      INTEGER NOT NULL REFERENCES callers (id),
    destination INTEGER NOT NULL REFERENCES destinations (id),
    flows       INTEGER NOT NULL,
    bytes_out   INTEGER NOT NULL,
    bytes_in    INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    evidence    INTEGER NOT NULL,
    UNIQUE (caller, destination)
) STRICT;
CREATE INDEX uses_first_seen ON uses (first_seen, id);

CREATE TABLE findings (
    id          INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    program     INTEGER NOT NULL REFERENCES programs (id),
    vendor      TEXT    NOT NULL,
    caller      INTEGER NOT NULL REFERENCES callers (id),
    destination INTEGER NOT NULL REFERENCES destinations (id),
    evidence    INTEGER NOT NULL,
    first_seen  INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    UNIQUE (kind, program, vendor)
) STRICT;

-- Findings on their way to the webhook. state: pending, delivered or refused.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY,
    delivery TEXT    NOT NULL UNIQUE,
    finding  INTEGER NOT NULL UNIQUE REFERENCES findings (id),
    state    TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    error    TEXT,
    created  INTEGER NOT NULL,
    finished INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (state, due);
