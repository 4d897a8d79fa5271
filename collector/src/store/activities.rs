//! What came last: what each commit of reports added to uses. Whoever watches reads it here, so each collector on the
//! database tells of the whole fleet, and of nothing that was not acknowledged.
//!
//! A row holds numbers alone; names are read with it. So it tells nothing that has been taken out of the inventory.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::batch::json;
use super::both::{Wording, with_rows};
use super::numbers::{Numbers, numbers};
use super::search::{columns, joins};
use super::seen::{of_seen, pairs};
use super::{Store, StoreError, Transaction, Use, count, length, millis, on, stored, time, uses};
use crate::access::Scope;
use crate::findings::FindingKind;

/// Rows of one commit; of more, the newest.
const OF_A_COMMIT: usize = 64;
/// Rows that are kept.
const KEPT: i64 = 4096;
/// Of which the newest are looked at for what is new: so far behind may one be whose commit took longer.
const WINDOW: i64 = 1000;
/// For so long they are shown.
const SHOWN: Duration = Duration::from_hours(24);

/// What a caller did, as it was stored.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    /// Its number: later ones have greater ones, but for those that were stored at the same time.
    pub(crate) id: i64,
    /// When it was stored.
    pub(crate) stored: Timestamp,
    /// The row of the inventory, with flows, bytes, evidence and the last time of what came.
    pub(crate) used: Use,
    /// How many of the same commit are not there.
    pub(crate) more: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    activity: i64,
    stored: i64,
    more: i64,
    #[sqlx(flatten)]
    used: uses::Row,
}

static NOTE: Numbers<9> = numbers!(
    "INSERT INTO activities (stored, caller, destination, flows, bytes_out, bytes_in, last_seen, evidence, more)",
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
    ""
);

/// `$found` says which. For `CROSS JOIN` see [`super::search`]. Items of `$1` are numbers in arrays of one.
macro_rules! read {
    ($activities:literal) => {
        concat!(
            " SELECT l.id AS activity, l.stored, l.more, ",
            columns!("l"),
            " FROM ",
            $activities,
            " CROSS JOIN uses u ",
            joins!(),
            " WHERE u.caller = l.caller AND u.destination = l.destination AND "
        )
    };
}

const THESE: Wording = with_rows!(
    concat!(
        read!("activities l"),
        "l.id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM"
    ),
    ") AND l.stored > $2 ORDER BY l.id LIMIT $3"
);

/// The newest of them are read first: so much comes and goes there that PostgreSQL takes it for a large table, and would
/// read all uses for it.
macro_rules! newest {
    ($limit:literal) => {
        concat!(
            "l AS MATERIALIZED (SELECT * FROM activities WHERE id > $1 AND stored > $2 ORDER BY id DESC",
            $limit,
            ")"
        )
    };
}

const LAST: &str = concat!(
    "WITH ",
    newest!(" LIMIT $3"),
    read!("l"),
    "true ORDER BY l.id DESC LIMIT $3"
);

const LAST_SEEN: Wording = of_seen!(
    "$5",
    concat!(
        ", ",
        newest!(""),
        read!("l"),
        "c.agent IN (SELECT agent FROM seen) ORDER BY l.id DESC LIMIT $3"
    )
);

/// Writes down what a commit adds: items are caller, destination, flows, bytes out and in, first and last time,
/// evidence, and one number more.
pub(super) async fn note(transaction: &mut Transaction, uses: &[[i64; 9]]) -> Result<(), StoreError> {
    let now = millis(Timestamp::now());
    let mut rows: Vec<[i64; 9]> = uses
        .iter()
        .map(|[caller, destination, flows, out, r#in, _, last, evidence, _]| {
            [
                now,
                *caller,
                *destination,
                *flows,
                *out,
                *r#in,
                *last,
                *evidence,
                0,
            ]
        })
        .collect();
    if rows.len() > OF_A_COMMIT {
        rows.sort_unstable_by_key(|row| Reverse(row[6]));
        rows.truncate(OF_A_COMMIT);
    }
    rows.sort_by_key(|row| row[6]);
    if let Some(last) = rows.last_mut() {
        last[8] = stored(uses.len().saturating_sub(OF_A_COMMIT) as u64);
    }
    NOTE.write(transaction, &rows).await
}

impl Store {
    /// Numbers of the newest activities.
    pub(crate) async fn newest_activities(&self) -> Result<BTreeSet<i64>, StoreError> {
        let ids: Vec<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT id FROM activities WHERE id > (SELECT max(id) FROM activities) - $1")
                .bind(WINDOW)
                .fetch_all(db)
                .await
        })?;
        Ok(ids.into_iter().collect())
    }

    /// Those with these numbers that may be shown, in their order.
    pub(crate) async fn activities(&self, ids: &[i64]) -> Result<Vec<Activity>, StoreError> {
        let statement = self.readers().word(THESE);
        let ids = json(ids.iter().map(|id| [id]))?;
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(&ids)
                .bind(earliest())
                .bind(KEPT)
                .bind(FindingKind::NewCaller.as_str())
                .fetch_all(db)
                .await
        })?;
        Ok(self.discreetly(rows))
    }

    /// The newest on hosts of this scope, the newest first, after the one with a number.
    pub(crate) async fn last_activities(
        &self,
        scope: &Scope,
        after: i64,
        most: u16,
    ) -> Result<Vec<Activity>, StoreError> {
        let kind = FindingKind::NewCaller.as_str();
        let rows: Vec<Row> = if scope.is_all() {
            on!(self.readers(), |db| {
                sqlx::query_as(LAST)
                    .bind(after)
                    .bind(earliest())
                    .bind(i64::from(most))
                    .bind(kind)
                    .fetch_all(db)
                    .await
            })?
        } else {
            let (statement, scope) = (self.readers().word(LAST_SEEN), pairs(scope)?);
            on!(self.readers(), |db| {
                sqlx::query_as(statement)
                    .bind(after)
                    .bind(earliest())
                    .bind(i64::from(most))
                    .bind(kind)
                    .bind(&scope)
                    .fetch_all(db)
                    .await
            })?
        };
        Ok(self.discreetly(rows))
    }

    /// Removes all but the newest.
    pub(crate) async fn trim_activities(&self) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query("DELETE FROM activities WHERE id <= (SELECT max(id) FROM activities) - $1")
                .bind(KEPT)
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    fn discreetly(&self, rows: Vec<Row>) -> Vec<Activity> {
        let activity = |row: Row| Activity {
            id: row.activity,
            stored: time(row.stored),
            used: self.people.used(row.used.into()),
            more: count(row.more),
        };
        rows.into_iter().map(activity).collect()
    }
}

fn earliest() -> i64 {
    millis(Timestamp::now()) - length(SHOWN)
}
