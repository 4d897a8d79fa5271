-- Who may ask (src/access.rs). Times are milliseconds since 1970; hashes are SHA-256 in hexadecimal digits, but for
-- passwords, which are Argon2id (PHC string format). `hosts` is which hosts somebody sees (src/access/scope.rs, JSON);
-- without it all.

-- People. None is removed: the audit log has their names.
CREATE TABLE accounts (
    name     TEXT    NOT NULL PRIMARY KEY,
    password TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    hosts    TEXT,
    created  INTEGER NOT NULL,
    disabled INTEGER,
    seen     INTEGER
) STRICT, WITHOUT ROWID;

-- People who have logged in. `used` is exact to a minute.
CREATE TABLE sessions (
    hash    TEXT    NOT NULL PRIMARY KEY,
    account TEXT    NOT NULL REFERENCES accounts (name),
    began   INTEGER NOT NULL,
    used    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account, began);

-- Log-ins that were tried, by the hash of the account's name or the address: those since `began`.
CREATE TABLE attempts (
    subject TEXT    NOT NULL PRIMARY KEY,
    began   INTEGER NOT NULL,
    count   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_began ON attempts (began);

-- Links by which the first account may be made.
CREATE TABLE setups (
    hash    TEXT    NOT NULL PRIMARY KEY,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Programs. `rights` are words of src/access/right.rs, parted by blanks. `used` is exact to a minute.
CREATE TABLE api_tokens (
    id      TEXT    NOT NULL PRIMARY KEY,
    hash    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    rights  TEXT    NOT NULL,
    hosts   TEXT,
    created INTEGER NOT NULL,
    maker   TEXT    NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
