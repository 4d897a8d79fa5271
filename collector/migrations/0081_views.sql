-- Questions to the inventory that people keep under a name (src/store/views.rs). `query` is as in an address; `shared` is 1
-- where everybody sees it.
CREATE TABLE views (
    id      INTEGER PRIMARY KEY,
    account TEXT    NOT NULL REFERENCES accounts (name),
    name    TEXT    NOT NULL,
    query   TEXT    NOT NULL,
    shared  INTEGER NOT NULL,
    saved   INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT;
CREATE INDEX views_shared ON views (shared, name);
