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
//! The newest rows are looked through first: a text that is nearly everywhere has many terms, and fills the page there.

use super::uses::{Page, Position, Row, Selection, Use};
use super::{Store, StoreError, on};
use crate::findings::FindingKind;

/// Rows that are looked through before terms are, beside as many as are asked for.
const NEWEST: i64 = if cfg!(test) { 3 } else { 1000 };

/// What is read of the uses that `$found` gives, newest first; `$1`, `$2` is the place to go on from, `$3` how many.
macro_rules! select {
    ($($found:expr),+ ; $where:expr) => {
        concat!(
            $($found,)+
            "SELECT u.id, d.vendor, d.service, d.kind, d.name, p.name AS program, c.exe, c.script, c.container,
                    c.image, c.pod, c.namespace, c.workload, c.unit, c.origin, c.package, c.package_version, c.sha256,
                    c.uid, c.user_name, a.host, a.agent,
                    (SELECT e.labels FROM enrolments e WHERE e.agent = a.agent) AS labels, u.flows, u.bytes_out, u.bytes_in,
                    u.first_seen, u.last_seen, u.evidence,
                    f.id AS finding,
                    (SELECT n.id FROM findings n WHERE n.kind = 'prohibited_use' AND n.program = c.program
                     AND n.vendor = d.vendor) AS prohibition
             FROM found
             JOIN uses u ON u.id = found.used
             JOIN callers c ON c.id = u.caller
             JOIN programs p ON p.id = c.program
             JOIN agents a ON a.id = c.agent
             JOIN destinations d ON d.id = u.destination
             LEFT JOIN findings f ON f.kind = $4 AND f.program = c.program AND f.vendor = d.vendor
             WHERE ", $where, " ORDER BY u.first_seen DESC, u.id DESC LIMIT $3"
        )
    };
}

/// The newest uses, as many as the parameter says.
macro_rules! newest {
    ($count:literal) => {
        concat!(
            "WITH found AS MATERIALIZED (SELECT id AS used FROM uses WHERE (first_seen, id) < ($1, $2)
             ORDER BY first_seen DESC, id DESC LIMIT ",
            $count,
            ") "
        )
    };
}

const ALL: &str = select!(newest!("$3"); "true");

/// `$5` is the pattern, `$6` how many rows are looked through, `$7` what parts columns.
const NEWEST_WITH_TEXT: &str = select!(
    newest!("$6");
    "lower(concat_ws($7, d.vendor, d.service, d.name, p.name, coalesce(c.user_name, CAST(c.uid AS TEXT)), a.host))
     LIKE lower($5) ESCAPE '\\'"
);

/// `$5` is the pattern.
const WITH_TEXT: &str = select!(
    "WITH heads AS MATERIALIZED (
         SELECT t.id, (SELECT p.first_seen FROM postings p WHERE p.term = t.id AND (p.first_seen, p.used) < ($1, $2)
                       ORDER BY p.first_seen DESC, p.used DESC LIMIT 1) AS newest
         FROM terms t WHERE t.kind <= 4 AND t.text LIKE lower($5) ESCAPE '\\'),
     least AS MATERIALIZED (
         SELECT coalesce((SELECT newest FROM heads WHERE newest IS NOT NULL
                          ORDER BY newest DESC LIMIT 1 OFFSET 4 * $3 - 1), -9223372036854775807) AS bound),
     nearest AS MATERIALIZED (
         SELECT h.id, coalesce((SELECT p.first_seen FROM postings p
                                WHERE p.term = h.id AND p.first_seen >= l.bound AND (p.first_seen, p.used) < ($1, $2)
                                ORDER BY p.first_seen DESC, p.used DESC LIMIT 1 OFFSET $3 - 1), l.bound) AS bound
         FROM least l CROSS JOIN heads h WHERE h.newest >= l.bound),
     found AS MATERIALIZED (
         SELECT DISTINCT p.first_seen, p.used FROM nearest n CROSS JOIN postings p
         WHERE p.term = n.id AND p.first_seen >= n.bound AND (p.first_seen, p.used) < ($1, $2)
         ORDER BY p.first_seen DESC, p.used DESC LIMIT $3) ";
    "true"
);

/// `$5` is the finding.
const OF_FINDING: &str = select!(
    "WITH found AS MATERIALIZED (
         SELECT p.used FROM postings p
         WHERE p.term = (SELECT t.id FROM findings f
                         JOIN terms t ON t.kind = 5 AND t.text = CAST(f.program AS TEXT) || ' ' || f.vendor
                         WHERE f.id = $5)
           AND (p.first_seen, p.used) < ($1, $2)
         ORDER BY p.first_seen DESC, p.used DESC LIMIT $3) ";
    "true"
);

/// The pattern of `LIKE` for what has this text in it.
fn with(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

impl Store {
    /// At most `limit` rows of the inventory.
    pub async fn uses(&self, selection: &Selection, limit: u16) -> Result<Page, StoreError> {
        let after = selection.after.unwrap_or(Position {
            first_seen: i64::MAX,
            id: i64::MAX,
        });
        // One more than asked for tells whether there are more.
        let count = i64::from(limit) + 1;
        let rows = match (selection.finding, &selection.text) {
            (Some(finding), _) => self.of_finding(finding, after, count).await?,
            (None, Some(text)) => self.with_text(&with(text), after, count).await?,
            (None, None) => self.all(after, count).await?,
        };
        let mut rows: Vec<Use> = rows.into_iter().map(Use::from).collect();
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next = rows.last().filter(|_| more).map(|row| row.position);
        Ok(Page { rows, next })
    }

    async fn all(&self, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(ALL)
                .bind(after.first_seen)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .fetch_all(db)
                .await
        })?)
    }

    async fn of_finding(&self, finding: i64, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(OF_FINDING)
                .bind(after.first_seen)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(finding)
                .fetch_all(db)
                .await
        })?)
    }

    async fn with_text(&self, pattern: &str, after: Position, count: i64) -> Result<Vec<Row>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(NEWEST_WITH_TEXT)
                .bind(after.first_seen)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(pattern)
                .bind(NEWEST + count)
                // No text spans two columns.
                .bind("\n")
                .fetch_all(db)
                .await
        })?;
        if i64::try_from(rows.len()).is_ok_and(|rows| rows == count) {
            return Ok(rows);
        }
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(WITH_TEXT)
                .bind(after.first_seen)
                .bind(after.id)
                .bind(count)
                .bind(FindingKind::NewCaller.as_str())
                .bind(pattern)
                .fetch_all(db)
                .await
        })?)
    }
}
