-- Collectors whose last migration has a lower number cannot use these tables (src/store/migrations.rs).
CREATE TABLE compatibility (
    oldest INTEGER NOT NULL
) STRICT;
INSERT INTO compatibility (oldest) VALUES (4);

-- The authority for agents, where collectors share a database and none has a file of its own. PEM. One row at most.
CREATE TABLE authority (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    certificate TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    made        INTEGER NOT NULL
) STRICT;

-- Until when a collector is sending the alert: no other one does meanwhile.
ALTER TABLE outbox ADD COLUMN lease INTEGER;
