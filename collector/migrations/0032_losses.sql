-- What an agent had lost in all at a time, from which on its losses are held against what it told (src/store/lossy.rs).
-- `since` is milliseconds since 1970.
CREATE TABLE loss_marks (
    agent INTEGER NOT NULL PRIMARY KEY REFERENCES agents (id),
    since INTEGER NOT NULL,
    lost  INTEGER NOT NULL
) STRICT;
