-- Who may report. Fingerprints and hashes are SHA-256 in hexadecimal digits.

-- What lets agents in. `hash` is that of the secret.
CREATE TABLE tokens (
    id        TEXT    NOT NULL PRIMARY KEY,
    hash      TEXT    NOT NULL,
    label     TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    uses_left INTEGER NOT NULL,
    revoked   INTEGER
) STRICT, WITHOUT ROWID;

-- Agents that have a key here. `boot` is the start of the host that reports; `rival` another one that wants to.
CREATE TABLE enrolments (
    agent       TEXT    NOT NULL PRIMARY KEY,
    key         TEXT    NOT NULL,
    token       TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    machine_id  TEXT,
    enrolled    INTEGER NOT NULL,
    boot        TEXT,
    rival       TEXT,
    rival_since INTEGER,
    clone       INTEGER,
    revoked     INTEGER,
    retired     INTEGER
) STRICT, WITHOUT ROWID;

-- The last few certificates of each.
CREATE TABLE certificates (
    fingerprint TEXT    NOT NULL PRIMARY KEY,
    agent       TEXT    NOT NULL REFERENCES enrolments (agent),
    issued      INTEGER NOT NULL,
    not_after   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX certificates_agent ON certificates (agent, issued);

-- The last few starts of each host that another one came after: none of them comes back.
CREATE TABLE past_boots (
    agent TEXT    NOT NULL REFERENCES enrolments (agent),
    boot  TEXT    NOT NULL,
    ended INTEGER NOT NULL,
    PRIMARY KEY (agent, boot)
) STRICT, WITHOUT ROWID;
