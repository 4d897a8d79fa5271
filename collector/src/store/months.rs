//! PostgreSQL keeps the observations of each month (UTC, by their hour) in a partition of its own, so that a month
//! that is over goes at once. Whoever needs one first makes it: a collector at its start and each hour for this month
//! and the next, and before it stores a report with observations of another.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::PoisonError;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use sqlx::AssertSqlSafe;
use umbra_report::{RecordBody, Report};

use super::sessions::Sessions;
use super::{Both, Store, StoreError, millis};

/// Names the lock under which partitions are made and dropped: "umbra" and "mon" as bytes.
const LOCK: i64 = 0x756d_6272_616d_6f6e;
const PREFIX: &str = "observations_";

/// A calendar month, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

impl Month {
    /// The month that `time` is in.
    pub fn of(time: Timestamp) -> Self {
        Self(time.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// So many months before this one; the calendar's first at the least.
    #[must_use]
    pub fn before(self, months: u16) -> Self {
        Self(
            self.0
                .saturating_sub(Span::new().months(i64::from(months)))
                .first_of_month(),
        )
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(Span::new().months(1)).first_of_month())
    }

    /// Its first moment, in milliseconds since 1970-01-01 UTC.
    pub fn begin(self) -> i64 {
        self.0
            .to_zoned(TimeZone::UTC)
            .map_or(i64::MIN, |zoned| millis(zoned.timestamp()))
    }

    /// The name of its partition.
    fn partition(self) -> String {
        format!("{PREFIX}{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// The month of the partition with this name.
    fn of_partition(name: &str) -> Option<Self> {
        let (year, month) = name.strip_prefix(PREFIX)?.split_once('_')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, 1)
            .ok()
            .map(Self)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Store {
    /// Makes the partitions of this month and the next.
    pub async fn make_months_ahead(&self, now: Timestamp) -> Result<(), StoreError> {
        let month = Month::of(now);
        self.make_months(&BTreeSet::from([month, month.next()])).await
    }

    /// Makes the partitions that observations of reports need.
    pub(super) async fn make_months_of<'a>(
        &self,
        reports: impl Iterator<Item = &'a Report>,
    ) -> Result<(), StoreError> {
        if matches!(*self.database, Both::Sqlite(_)) {
            return Ok(());
        }
        let records = reports.flat_map(|report| &report.records);
        let months = records.filter_map(|record| match &record.body {
            RecordBody::Observation(observation) => Some(Month::of(observation.minute)),
            RecordBody::Gap(_) => None,
        });
        self.make_months(&months.collect()).await
    }

    async fn make_months(&self, months: &BTreeSet<Month>) -> Result<(), StoreError> {
        let Both::Postgres(postgres) = &*self.database else {
            return Ok(());
        };
        let known = || postgres.months.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<Month> = months.difference(&known()).copied().collect();
        for month in missing {
            make(&postgres.sessions, month).await?;
            known().insert(month);
        }
        Ok(())
    }

    /// Forgets which months have partitions: one was not there.
    pub(super) fn forget_months(&self) {
        if let Both::Postgres(postgres) = &*self.database {
            postgres
                .months
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
    }
}

/// Makes the partition of `month`. Attaching locks out no writer, as `CREATE TABLE … PARTITION OF` would.
async fn make(sessions: &Sessions, month: Month) -> Result<(), StoreError> {
    let name = month.partition();
    let mut transaction = sessions.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&name)
        .fetch_one(&mut *transaction)
        .await?;
    if !is_there {
        let (from, to) = (month.begin(), month.next().begin());
        sqlx::raw_sql(AssertSqlSafe(format!(
            "CREATE TABLE {name} (LIKE observations INCLUDING ALL);
             ALTER TABLE observations ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to})"
        )))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Drops the partitions of months before `month`; gives about how many rows they had.
pub(super) async fn drop_before(sessions: &Sessions, month: Month) -> Result<u64, StoreError> {
    let partitions: Vec<(String, i64)> = sqlx::query_as(
        // Rows as of the last ANALYZE: to count them would read the month once more.
        "SELECT relname::text, greatest(reltuples, 0)::bigint
         FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = 'observations'::regclass",
    )
    .fetch_all(sessions)
    .await?;
    let mut rows = 0;
    for (name, count) in partitions {
        let Some(over) = Month::of_partition(&name).filter(|of| *of < month) else {
            continue;
        };
        let mut transaction = sessions.begin().await?;
        // Writers wait behind this one, so it waits for them only for so long, and is tried again later.
        sqlx::raw_sql("SET LOCAL lock_timeout = '2s'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut *transaction)
            .await?;
        // Another collector may have been first.
        sqlx::raw_sql(AssertSqlSafe(format!(
            "DROP TABLE IF EXISTS {}",
            over.partition()
        )))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        rows += super::count(count);
    }
    Ok(rows)
}
