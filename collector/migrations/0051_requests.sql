-- What people ask to be sanctioned (src/store/requests.rs). `name` and `sanction` are those of the sanction that would be
-- made, JSON without an approver; `state` is pending, approved, refused or withdrawn; `policy` the version that an approval
-- made. Times are milliseconds since 1970.
CREATE TABLE requests (
    id        INTEGER PRIMARY KEY,
    name      TEXT    NOT NULL,
    sanction  TEXT    NOT NULL,
    requester TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    settled   INTEGER,
    settler   TEXT,
    why       TEXT,
    policy    INTEGER REFERENCES policies (version)
) STRICT;
CREATE INDEX requests_state ON requests (state, id);
CREATE UNIQUE INDEX requests_policy ON requests (policy);
