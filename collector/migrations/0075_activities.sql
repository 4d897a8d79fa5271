-- What came last, for those who watch: what each commit of reports added to a caller's use of a destination, newest
-- last. A few thousand rows are kept (src/store/activities.rs), without foreign keys and indexes, so that reports are
-- stored as fast as before; `more` is how many of the same commit are not here.
CREATE TABLE activities (
    id          INTEGER PRIMARY KEY,
    stored      INTEGER NOT NULL,
    caller      INTEGER NOT NULL,
    destination INTEGER NOT NULL,
    flows       INTEGER NOT NULL,
    bytes_out   INTEGER NOT NULL,
    bytes_in    INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    evidence    INTEGER NOT NULL,
    more        INTEGER NOT NULL
) STRICT;
