-- What people search by (src/store/search.rs): the texts of uses in lower case, and where each stands in the order of
-- the page. Triggers keep both, so whoever writes uses need not know of them.

-- Kinds: 1 destinations, 2 programs, 3 users, 4 hosts; 5 is a program's number and a vendor, which findings are about.
CREATE TABLE terms (
    id   INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    text TEXT    NOT NULL,
    UNIQUE (kind, text)
) STRICT;

-- `used` is the row of the use.
CREATE TABLE postings (
    term       INTEGER NOT NULL REFERENCES terms (id),
    first_seen INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    PRIMARY KEY (term, first_seen, used)
) STRICT, WITHOUT ROWID;

-- The terms that a use ought to have. No text spans two columns: what people type has no line feed.
CREATE VIEW texts AS
SELECT u.id AS used, u.first_seen, u.caller, k.kind,
       CASE k.kind
           WHEN 1 THEN lower(d.vendor || '
' || d.service || '
' || d.name)
           WHEN 2 THEN lower(p.name)
           WHEN 3 THEN lower(coalesce(c.user_name, CAST(c.uid AS TEXT)))
           WHEN 4 THEN lower(a.host)
           ELSE CAST(c.program AS TEXT) || ' ' || d.vendor END AS text
FROM uses u
JOIN callers c ON c.id = u.caller
JOIN programs p ON p.id = c.program
JOIN agents a ON a.id = c.agent
JOIN destinations d ON d.id = u.destination
CROSS JOIN (SELECT 1 AS kind UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5) k;
