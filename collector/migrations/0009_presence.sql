-- Whether agents are heard, by a clock that runs while a collector lives.

-- `lived` is for how many milliseconds collectors of this database have lived, all in all; `seen` is when one last did,
-- or, after they had been away, when the clock goes on. One row.
CREATE TABLE life (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    lived INTEGER NOT NULL,
    seen  INTEGER NOT NULL
) STRICT;
INSERT INTO life (id, lived, seen) VALUES (1, 0, 0);

-- What `lived` was when the agent was last heard; the agent's longest pause in seconds; what it last said of its work
-- (JSON of report/src/condition.rs).
ALTER TABLE agents ADD COLUMN heard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN heartbeat INTEGER NOT NULL DEFAULT 60;
ALTER TABLE agents ADD COLUMN condition TEXT;
