//! What callers sent on a day, and before. Only this is asked of the hours, and only of those that sent much is more read.

use jiff::Timestamp;

use super::findings::facts;
use super::outbox::{self, Happening};
use super::spikes;
use super::{Store, StoreError, Transaction, count, millis, on, stored};
use crate::findings::{Facts, FindingKind, FindingState, Spike};

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 24 * 3_600_000;

/// Of one hour's row at most so many bytes are added up, 16 TiB, so that no sum is too large for the store.
macro_rules! bytes {
    () => {
        "CAST(sum(CASE WHEN o.bytes_out > 17592186044416 THEN 17592186044416 ELSE o.bytes_out END) AS BIGINT)"
    };
}

/// What is no use by itself.
macro_rules! is_use {
    () => {
        "o.evidence < 70 AND d.kind NOT IN ('cdn', 'telemetry')"
    };
}

/// What a caller sent to a vendor on a day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Volume {
    /// The caller's row.
    pub caller: i64,
    /// Its program's row.
    pub program: i64,
    /// The vendor.
    pub vendor: String,
    bytes_out: i64,
}

impl Volume {
    /// Bytes.
    pub fn bytes_out(&self) -> u64 {
        count(self.bytes_out)
    }
}

/// What is there of a spike that was raised before.
#[derive(sqlx::FromRow)]
struct Before {
    state: String,
    first_seen: i64,
    facts: Option<String>,
}

impl Store {
    /// What callers sent on a day, which is numbered from 1970-01-01 UTC: the `most` that sent most, of those that sent at
    /// least so much.
    pub async fn volumes(&self, day: i64, least: u64, most: u16) -> Result<Vec<Volume>, StoreError> {
        Ok(on!(self.readers(), |db| sqlx::query_as(concat!(
            "SELECT s.caller, c.program, s.vendor, s.bytes_out FROM (
                 SELECT o.caller, d.vendor, ",
            bytes!(),
            " AS bytes_out FROM observations o JOIN destinations d ON d.id = o.destination
                 WHERE o.hour >= $1 AND o.hour < $2 AND ",
            is_use!(),
            " GROUP BY o.caller, d.vendor) s
             JOIN callers c ON c.id = s.caller
             WHERE s.bytes_out >= $3 ORDER BY s.bytes_out DESC, s.caller LIMIT $4"
        ))
        .bind(day.saturating_mul(DAY))
        .bind(day.saturating_add(1).saturating_mul(DAY))
        .bind(stored(least))
        .bind(i64::from(most))
        .fetch_all(db)
        .await)?)
    }

    /// What a caller sent to a vendor on each of the days from `from` to before `to`.
    pub async fn history(&self, volume: &Volume, from: i64, to: i64) -> Result<Vec<(i64, u64)>, StoreError> {
        let rows: Vec<(i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(concat!(
            "SELECT o.hour / 86400000 AS day, ",
            bytes!(),
            " FROM uses u JOIN destinations d ON d.id = u.destination
             JOIN observations o ON o.caller = u.caller AND o.destination = u.destination AND o.hour >= $3 AND o.hour < $4
             WHERE u.caller = $1 AND d.vendor = $2 AND ",
            is_use!(),
            " GROUP BY o.hour / 86400000 ORDER BY 1"
        ))
        .bind(volume.caller)
        .bind(&volume.vendor)
        .bind(from.saturating_mul(DAY))
        .bind(to.saturating_mul(DAY))
        .fetch_all(db)
        .await
        })?;
        Ok(rows.into_iter().map(|(day, bytes)| (day, count(bytes))).collect())
    }

    /// Raises a spike, or again when one of a later day comes after that was settled; of one that is not, and goes on, the
    /// numbers are kept up to date. Gives whether somebody is to be told.
    pub async fn raise_spike(
        &self,
        volume: &Volume,
        day: i64,
        spike: &Spike,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let begin = day.saturating_mul(DAY);
        let mut transaction = self.begin().await?;
        let before: Option<Before> = on!(&mut transaction, |db| {
            sqlx::query_as(
            "SELECT state, first_seen, facts FROM findings WHERE kind = $1 AND program = $2 AND vendor = $3"
        )
        .bind(FindingKind::VolumeSpike.as_str())
        .bind(volume.program)
        .bind(&volume.vendor)
        .fetch_optional(&mut **db)
        .await
        })?;
        spikes::keep(&mut transaction, volume, begin, spike).await?;
        let told = match &before {
            None => Some(true),
            Some(before) => before.take(begin, spike),
        };
        let again = before.is_some();
        let finding = match told {
            Some(told) => write(&mut transaction, volume, (begin, spike), now, told && again).await?,
            None => None,
        };
        let (Some(finding), Some(told)) = (finding, told) else {
            transaction.commit().await?;
            return Ok(false);
        };
        if told {
            outbox::queue(&mut transaction, Happening::Raised, &[(finding, now)]).await?;
        }
        transaction.commit().await?;
        Ok(told)
    }
}

impl Before {
    /// Whether somebody is to be told of this one, too; `None`: it says nothing new.
    fn take(&self, begin: i64, spike: &Spike) -> Option<bool> {
        let last = facts(self.facts.as_deref()).spike;
        let last = last.map_or(0, |last| last.bytes_out);
        let is_later = begin > self.first_seen;
        match FindingState::of(&self.state) {
            Some(FindingState::Resolved) => is_later.then_some(true),
            // That much was nothing to find.
            Some(FindingState::FalseAlarm) => (is_later && spike.bytes_out / 2 > last).then_some(true),
            _ => (is_later || begin == self.first_seen && spike.bytes_out > last).then_some(false),
        }
    }
}

/// Writes the finding; gives its number, or `None` when another collector has written it meanwhile.
async fn write(
    transaction: &mut Transaction,
    volume: &Volume,
    (begin, spike): (i64, &Spike),
    now: Timestamp,
    reopen: bool,
) -> Result<Option<i64>, StoreError> {
    // The name to which most went.
    let (destination, evidence): (i64, i64) = on!(&mut *transaction, |db| {
        sqlx::query_as(concat!(
        "SELECT o.destination, min(o.evidence) FROM uses u JOIN destinations d ON d.id = u.destination
         JOIN observations o ON o.caller = u.caller AND o.destination = u.destination AND o.hour >= $3 AND o.hour < $4
         WHERE u.caller = $1 AND d.vendor = $2 AND ",
        is_use!(),
        " GROUP BY o.destination ORDER BY ",
        bytes!(),
        " DESC, o.destination LIMIT 1"
    ))
    .bind(volume.caller)
    .bind(&volume.vendor)
    .bind(begin)
    .bind(begin.saturating_add(DAY))
    .fetch_one(&mut **db)
    .await
    })?;
    let facts = Facts {
        spike: Some(spike.clone()),
        ..Facts::default()
    };
    let facts = serde_json::to_string(&facts)?;
    Ok(on!(&mut *transaction, |db| {
        sqlx::query_scalar(
        "INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created, policy, facts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT coalesce(max(version), 0) FROM policies), $9)
         ON CONFLICT (kind, program, vendor) DO UPDATE
         SET caller = excluded.caller, destination = excluded.destination, evidence = excluded.evidence,
             first_seen = excluded.first_seen, facts = excluded.facts, policy = excluded.policy,
             state = CASE WHEN $10 THEN 'open' ELSE findings.state END,
             created = CASE WHEN $10 THEN excluded.created ELSE findings.created END
         WHERE findings.first_seen <= excluded.first_seen
         RETURNING id"
    )
    .bind(FindingKind::VolumeSpike.as_str())
    .bind(volume.program)
    .bind(&volume.vendor)
    .bind(volume.caller)
    .bind(destination)
    .bind(evidence)
    .bind(begin)
    .bind(millis(now))
    .bind(&facts)
    .bind(reopen)
    .fetch_optional(&mut **db)
    .await
    })?)
}
