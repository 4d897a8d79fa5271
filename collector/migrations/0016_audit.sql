-- Who decided what (src/store/audit.rs). Entries are only added, and outlive what they are about. `time` is milliseconds
-- since 1970, `detail` JSON, `hash` SHA-256 in hexadecimal digits over the entry and the hash of the one before.
CREATE TABLE audit (
    number  INTEGER NOT NULL PRIMARY KEY,
    time    INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    hash    TEXT    NOT NULL
) STRICT;

-- The last entry, whose row also has writers wait for each other. One row.
CREATE TABLE audit_head (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    hash   TEXT    NOT NULL
) STRICT;
INSERT INTO audit_head (id, number, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
