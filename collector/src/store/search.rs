//! Which rows of the inventory a page shows, at a price that does not grow with the inventory.
//!
//! Without a search a page is a walk along the index of `uses`. A text stands in a few or in all of a million rows, in
//! the newest or only in old ones, so no walk will do. `terms` has each text once, and `postings` the uses of each
//! term in the order of the page (`migrations/0010_search.sql`). A page of L rows is then put together from
//! 1. the newest use of each term that the text stands in;
//! 2. of these terms the 4 L with the newest: a use has four terms with text, so these alone fill a page, and nothing
//!    of an older one is on it;
//! 3. of each of them the newest L uses that are no older than that.
//!
//! Where many terms have the text, that costs a look-up for each of them. Such a text mostly fills the page from the newest
//! rows alone, so these are looked through first.

use umbra_catalog::Kind;

use super::both::Wording;
use super::order::{Position, Sort};
use super::uses::{Along, Page, Row, Selection, Term, Use};
use super::{Store, StoreError, on};
use crate::findings::FindingKind;

/// So many terms are looked up at once; when more have the text, the newest rows are looked through first.
const FEW: i64 = if cfg!(test) { 4 } else { 1000 };
/// Rows that are then looked through, beside as many as are asked for.
const NEWEST: i64 = if cfg!(test) { 3 } else { 400 };

/// What is read of the uses that `$found` gives, newest first unless `$order` says; `$1`, `$2` is the place to go on from, `$3`
/// how many. `$also` are more columns.
///
/// For `CROSS JOIN` SQLite looks at what stands first first (<https://sqlite.org/optoverview.html#crossjoin>). Left to
/// itself it may go through all uses in the order of the page, to find the few that were found.
macro_rules! select {
    ($found:expr) => {
        $crate::store::search::select!($found, "first_seen", "")
    };
    ($found:expr, $order:literal, $also:expr) => {
        concat!(
            $found,
            " SELECT ",
            $crate::store::search::columns!("u"),
            $also,
            " FROM found CROSS JOIN uses u ",
            $crate::store::search::joins!(),
            " WHERE u.id = found.used ORDER BY u.",
            $order,
            " DESC, u.id DESC LIMIT $3"
        )
    };
}

/// The columns of [`Row`]; the sums are those of `$sums`.
macro_rules! columns {
    ($sums:literal) => {
        concat!(
            "u.id, u.caller, d.vendor, d.service, d.kind, d.name, p.name AS program, c.exe, c.script, c.container,
                    c.image, c.pod, c.namespace, c.workload, c.unit, c.origin, c.package, c.package_version, c.sha256,
                    c.uid, c.user_name, c.user_groups, a.host, a.agent,
                    (SELECT e.labels FROM enrolments e WHERE e.agent = a.agent) AS labels, ",
            $sums,
            ".flows, ",
            $sums,
            ".bytes_out, ",
            $sums,
            ".bytes_in, u.first_seen, ",
            $sums,
            ".last_seen, ",
            $sums,
            ".evidence, u.direct_seen, f.id AS finding,
                    (SELECT n.id FROM findings n WHERE n.kind = 'prohibited_use' AND n.program = c.program
                     AND n.vendor = d.vendor) AS prohibition"
        )
    };
}

/// The tables that they are read of, beside `uses`; `$4` is the kind of finding, unless `$kind` says.
macro_rules! joins {
    () => {
        $crate::store::search::joins!("$4")
    };
    ($kind:literal) => {
        concat!(
            "JOIN callers c ON c.id = u.caller
             JOIN programs p ON p.id = c.program
             JOIN agents a ON a.id = c.agent
             JOIN destinations d ON d.id = u.destination
             LEFT JOIN findings f ON f.kind = ",
            $kind,
            " AND f.program = c.program AND f.vendor = d.vendor"
        )
    };
}

pub(super) use {columns, joins, select};

pub(super) const ALL: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT id AS used FROM uses WHERE (first_seen, id) < ($1, $2) ORDER BY first_seen DESC, id DESC LIMIT $3)"
);

/// `$5` is the pattern, `$6` how many of the newest rows are looked through, `$7` what parts columns, `$8` [`FEW`], `$9`
/// whether users are hidden: then nothing is found by their names and numbers.
///
/// No time is before the least number: from there on SQLite reads nothing, where it would try a mere condition on each
/// row.
pub(super) const WITH_TEXT: &str = select!(
    "WITH matched AS MATERIALIZED (
         SELECT t.id FROM terms t WHERE t.kind <= 4 AND (t.kind <> 3 OR NOT $9) AND t.text LIKE lower($5) ESCAPE '\\'),
     newest AS MATERIALIZED (
         SELECT u.id, u.first_seen, u.caller, u.destination FROM uses u
         WHERE (u.first_seen, u.id) <
             (CASE WHEN (SELECT count(*) FROM matched) > $8 THEN $1 ELSE -9223372036854775807 END, $2)
         ORDER BY u.first_seen DESC, u.id DESC LIMIT $6),
     there AS MATERIALIZED (
         SELECT n.first_seen, n.id AS used FROM newest n
         CROSS JOIN callers c
         JOIN programs p ON p.id = c.program
         JOIN agents a ON a.id = c.agent
         JOIN destinations d ON d.id = n.destination
         WHERE c.id = n.caller AND lower(concat_ws($7, d.vendor, d.service, d.name, p.name,
                               CASE WHEN $9 THEN '' ELSE coalesce(c.user_name, CAST(c.uid AS TEXT)) END, a.host)) LIKE lower($5) ESCAPE '\\'
         ORDER BY n.first_seen DESC, n.id DESC LIMIT $3),
     heads AS MATERIALIZED (
         SELECT m.id, (SELECT p.first_seen FROM postings p WHERE p.term = m.id AND (p.first_seen, p.used) < ($1, $2)
                       ORDER BY p.first_seen DESC, p.used DESC LIMIT 1) AS newest
         FROM matched m WHERE (SELECT count(*) FROM there) < $3),
     least AS MATERIALIZED (
         SELECT coalesce((SELECT newest FROM heads WHERE newest IS NOT NULL
                          ORDER BY newest DESC LIMIT 1 OFFSET 4 * $3 - 1), -9223372036854775807) AS bound),
     nearest AS MATERIALIZED (
         SELECT h.id, coalesce((SELECT p.first_seen FROM postings p
                                WHERE p.term = h.id AND p.first_seen >= l.bound AND (p.first_seen, p.used) < ($1, $2)
                                ORDER BY p.first_seen DESC, p.used DESC LIMIT 1 OFFSET $3 - 1), l.bound) AS bound
         FROM least l CROSS JOIN heads h WHERE h.newest >= l.bound),
     found AS MATERIALIZED (
         SELECT first_seen, used FROM there
         UNION SELECT p.first_seen, p.used FROM nearest n CROSS JOIN postings p
         WHERE p.term = n.id AND p.first_seen >= n.bound AND (p.first_seen, p.used) < ($1, $2)
         ORDER BY first_seen DESC, used DESC LIMIT $3)"
);

/// `$5` is the finding.
pub(super) const OF_FINDING: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT p.used FROM postings p
         WHERE p.term = (SELECT t.id FROM findings f
                         JOIN terms t ON t.kind = 5 AND t.text = CAST(f.program AS TEXT) || ' ' || f.vendor
                         WHERE f.id = $5)
           AND (p.first_seen, p.used) < ($1, $2)
         ORDER BY p.first_seen DESC, p.used DESC LIMIT $3)"
);

/// `$5` is the vendor and `$6` the kind. A page is among the newest of those of their names that were used last; each is read
/// along the index by destination, so a page costs a look-up for each of these names, however many rows there are.
pub(super) const OF_DESTINATIONS: &str = select!(
    "WITH heads AS MATERIALIZED (
         SELECT d.id, (SELECT u.first_seen FROM uses u WHERE u.destination = d.id AND (u.first_seen, u.id) < ($1, $2)
                       ORDER BY u.first_seen DESC, u.id DESC LIMIT 1) AS newest
         FROM destinations d WHERE (CAST($5 AS TEXT) IS NULL OR d.vendor = $5) AND (CAST($6 AS TEXT) IS NULL OR d.kind = $6)),
     least AS MATERIALIZED (
         SELECT coalesce((SELECT newest FROM heads WHERE newest IS NOT NULL
                          ORDER BY newest DESC LIMIT 1 OFFSET $3 - 1), -9223372036854775807) AS bound),
     nearest AS MATERIALIZED (
         SELECT h.id, coalesce((SELECT u.first_seen FROM uses u
                                WHERE u.destination = h.id AND u.first_seen >= l.bound AND (u.first_seen, u.id) < ($1, $2)
                                ORDER BY u.first_seen DESC, u.id DESC LIMIT 1 OFFSET $3 - 1), l.bound) AS bound
         FROM least l CROSS JOIN heads h WHERE h.newest >= l.bound),
     found AS MATERIALIZED (
         SELECT u.id AS used FROM nearest n CROSS JOIN uses u
         WHERE u.destination = n.id AND u.first_seen >= n.bound AND (u.first_seen, u.id) < ($1, $2)
         ORDER BY u.first_seen DESC, u.id DESC LIMIT $3)"
);

/// `$5` is the caller. It has a use for each name that it used.
pub(super) const OF_CALLER: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT id AS used FROM uses WHERE caller = $5 AND (first_seen, id) < ($1, $2)
         ORDER BY first_seen DESC, id DESC LIMIT $3)"
);

/// `$5` is the agent's row. It goes through the uses of its host, of which there are few.
pub(super) const OF_AGENT: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT u.id AS used FROM callers c CROSS JOIN uses u
         WHERE c.agent = $5 AND u.caller = c.id AND (u.first_seen, u.id) < ($1, $2)
         ORDER BY u.first_seen DESC, u.id DESC LIMIT $3)"
);

/// `$5` has the numbers, a JSON array.
pub(super) const OF_NUMBERS: Wording = Wording {
    sqlite: select!(
        "WITH found AS MATERIALIZED (
             SELECT u.id AS used FROM jsonb_each($5) n CROSS JOIN uses u
             WHERE u.id = n.value AND (u.first_seen, u.id) < ($1, $2))"
    ),
    postgres: select!(
        "WITH found AS MATERIALIZED (
             SELECT u.id AS used FROM jsonb_array_elements(CAST($5 AS jsonb)) n CROSS JOIN uses u
             WHERE u.id = CAST(n.value AS BIGINT) AND (u.first_seen, u.id) < ($1, $2))"
    ),
};

/// `$5` is the kind of a term, and `$6` its text.
pub(super) const OF_TERM: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT p.used FROM postings p
         WHERE p.term = (SELECT t.id FROM terms t WHERE t.kind = $5 AND t.text = lower($6))
           AND (p.first_seen, p.used) < ($1, $2)
         ORDER BY p.first_seen DESC, p.used DESC LIMIT $3)"
);

/// `$5` is the destination; only what was seen before `$6`, and from `$7` on.
pub(super) const OF_DESTINATION: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT id AS used FROM uses
         WHERE destination = $5 AND (first_seen, id) < ($1, $2) AND first_seen < $6 AND last_seen >= $7
         ORDER BY first_seen DESC, id DESC LIMIT $3)"
);

/// The pattern of `LIKE` for what has this text in it.
pub(super) fn with(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

impl Store {
    /// At most `limit` rows of the inventory. There may be fewer though more follow, where these were looked for among others.
    pub async fn uses(&self, selection: &Selection, limit: u16) -> Result<Page, StoreError> {
        let after = selection.after.unwrap_or(Position::START);
        // One more than asked for tells whether there are more.
        let count = i64::from(limit) + 1;
        let sort = selection.sort;
        let mut rows = if let Along::Rows(places) = &selection.along {
            return self.rows(places, after, limit).await;
        } else if !selection.scope.is_all() {
            self.uses_seen(selection, after, count).await?
        } else if sort != Sort::FirstSeen {
            self.sifted(selection, after, count).await?
        } else {
            self.newest(&selection.along, after, count).await?
        };
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next = rows.last().filter(|_| more).map(|row| row.position(sort));
        let asked = rows.into_iter().filter(Row::is_asked);
        let used = |row: Row| {
            let position = row.position(sort);
            let used = Use::from(row);
            self.people.used(Use { position, ..used })
        };
        let rows = asked.map(used).collect();
        Ok(Page { rows, next })
    }

    /// At most `count` rows, newest first.
    async fn newest(&self, along: &Along, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        match along {
            Along::All | Along::Rows(_) => self.all(after, count).await,
            Along::Finding(finding) => self.of_row(OF_FINDING, *finding, after, count).await,
            Along::Agent(agent) => self.of_row(OF_AGENT, *agent, after, count).await,
            Along::Numbers(numbers) => self.of_numbers(numbers, after, count).await,
            Along::Caller(caller) => self.of_row(OF_CALLER, *caller, after, count).await,
            Along::Text(text) => self.with_text(&with(text), after, count).await,
            Along::Destinations(vendor, kind) => {
                let kind = kind.map(Kind::as_str);
                self.of_destinations(vendor.as_deref(), kind, after, count).await
            }
            Along::Term(term, text) => self.of_term(*term, text, after, count).await,
        }
    }

    async fn all(&self, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(ALL)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .fetch_all(db)
                .await
        })?)
    }

    /// What a statement finds of the row that `$5` is.
    async fn of_row(
        &self,
        statement: &'static str,
        row: i64,
        after: Position,
        count: i64,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(row)
                .fetch_all(db)
                .await
        })?)
    }

    async fn of_numbers(&self, numbers: &[i64], after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        let (statement, numbers) = (self.readers().word(OF_NUMBERS), serde_json::to_string(numbers)?);
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(numbers)
                .fetch_all(db)
                .await
        })?)
    }

    async fn of_destinations(
        &self,
        vendor: Option<&str>,
        kind: Option<&str>,
        after: Position,
        count: i64,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(OF_DESTINATIONS)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(vendor)
                .bind(kind)
                .fetch_all(db)
                .await
        })?)
    }

    async fn of_term(
        &self,
        term: Term,
        text: &str,
        after: Position,
        count: i64,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(OF_TERM)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(term as i64)
                .bind(text)
                .fetch_all(db)
                .await
        })?)
    }

    async fn with_text(&self, pattern: &str, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(WITH_TEXT)
                .bind(after.value)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(pattern)
                .bind(NEWEST + count)
                // No text spans two columns.
                .bind("\n")
                .bind(FEW)
                .bind(self.people.are_hidden())
                // PostgreSQL keeps one plan for a kept statement, whatever it is asked; for this one it is a bad one.
                .persistent(false)
                .fetch_all(db)
                .await
        })?)
    }
}
