-- Where alerts go (src/alerts/route.rs): what the collectors were last configured with, and how each goes. `settings` is
-- JSON without secrets. `removed` is since when no collector has the route. Until `lease`, `holder` is sending to it;
-- before `resumes` nothing is sent. `omitted` alerts waited for too long and were dropped, and nobody has been told yet.
-- Times are milliseconds since 1970.
CREATE TABLE routes (
    name          TEXT    NOT NULL PRIMARY KEY,
    settings      TEXT    NOT NULL,
    removed       INTEGER,
    holder        TEXT,
    lease         INTEGER NOT NULL DEFAULT 0,
    resumes       INTEGER NOT NULL DEFAULT 0,
    failures      INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    error         TEXT,
    last_sent     INTEGER,
    omitted       INTEGER NOT NULL DEFAULT 0,
    omitted_since INTEGER,
    refreshed     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What happened to a finding (`event`: raised or ended), on its way along a route. state: pending, delivered or refused.
-- `message` is the delivery under which it is sent, alone or with others. It takes the place of `outbox`, which
-- collectors of the version before go on to use, and from which they are taken over.
CREATE TABLE deliveries (
    id       INTEGER PRIMARY KEY,
    delivery TEXT    NOT NULL UNIQUE,
    route    TEXT    NOT NULL,
    finding  INTEGER NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
    event    TEXT    NOT NULL,
    message  TEXT,
    state    TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    error    TEXT,
    created  INTEGER NOT NULL,
    finished INTEGER
) STRICT;
-- An alert that still waits tells the same.
CREATE UNIQUE INDEX deliveries_waiting ON deliveries (route, finding, event) WHERE state = 'pending';
CREATE INDEX deliveries_due ON deliveries (route, state, due);
CREATE INDEX deliveries_message ON deliveries (message);
CREATE INDEX deliveries_finding ON deliveries (finding, route);
CREATE INDEX deliveries_finished ON deliveries (finished);
