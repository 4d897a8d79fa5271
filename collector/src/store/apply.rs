use std::time::Duration;

use jiff::Timestamp;
use umbra_fail_point::fail_point;
use umbra_report::{Gap, Observation, RecordBody, Report};

use super::{Store, StoreError, Transaction, agents, batch, millis, on, stored};

/// How often a report is tried that meets what other collectors do.
const ATTEMPTS: u32 = 6;

/// What a report changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Number of the epoch's last record in the store.
    pub sequence: u64,
    /// Records that were new.
    pub records: usize,
    /// Records that the store had already.
    pub repeated: usize,
    /// Findings that they raised.
    pub findings: usize,
}

impl Store {
    /// Applies the records that are new and remembers the last one's number, all in one transaction.
    ///
    /// `report` has passed [`crate::ingest::check`]. `alert` puts each new finding into the outbox. What fails because
    /// of what other collectors did at the same time is tried again: the repeat finds what has become of it.
    pub async fn apply(
        &self,
        report: &Report,
        received: Timestamp,
        alert: bool,
    ) -> Result<Applied, StoreError> {
        let mut attempt = 1;
        loop {
            self.make_months_of(report).await?;
            match self.apply_once(report, received, alert).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, "storing a report again: {error}");
                    self.forget_months();
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..20 << attempt))).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn apply_once(
        &self,
        report: &Report,
        received: Timestamp,
        alert: bool,
    ) -> Result<Applied, StoreError> {
        let now = millis(received);
        let epoch = report.epoch.to_string();
        let mut transaction = self.begin().await?;
        let agent = agents::remember(&mut transaction, report, now).await?;
        let last: Option<i64> = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT sequence FROM streams WHERE agent = $1 AND epoch = $2"
        )
        .bind(agent)
        .bind(&epoch)
        .fetch_optional(&mut **db)
        .await)?;
        let mut sequence = last.map_or(0, super::count);
        let mut applied = Applied::default();
        let mut observations: Vec<&Observation> = Vec::new();
        for record in &report.records {
            if record.sequence <= sequence {
                applied.repeated += 1;
                continue;
            }
            let next = sequence + 1;
            let (begin, gap) = match &record.body {
                RecordBody::Observation(observation) => {
                    observations.push(observation);
                    (record.sequence, None)
                }
                RecordBody::Gap(gap) => (gap.from, Some(gap)),
            };
            if begin > next {
                let hole = Missing {
                    from: next,
                    to: begin - 1,
                    records: begin - next,
                    gap: None,
                };
                hole.store(&mut transaction, agent, &epoch, now).await?;
            }
            if let Some(gap) = gap {
                // What a gap stands for may be here already: it was sent, and dropped before it was acknowledged.
                let from = gap.from.max(next);
                let records = gap.records.min(record.sequence - from + 1);
                let missing = Missing {
                    from,
                    to: record.sequence,
                    records,
                    gap: Some(gap),
                };
                missing.store(&mut transaction, agent, &epoch, now).await?;
            }
            sequence = record.sequence;
            applied.records += 1;
        }
        fail_point("agent_remembered");
        if !observations.is_empty() {
            applied.findings = batch::apply(&mut transaction, agent, &observations, now, alert).await?;
        }
        if applied.records > 0 {
            on!(&mut transaction, |db| sqlx::query(
                "INSERT INTO streams (agent, epoch, sequence) VALUES ($1, $2, $3)
                 ON CONFLICT (agent, epoch) DO UPDATE SET sequence = excluded.sequence",
            )
            .bind(agent)
            .bind(&epoch)
            .bind(stored(sequence))
            .execute(&mut **db)
            .await
            .map(drop))?;
        }
        fail_point("report_applied");
        transaction.commit().await?;
        Ok(Applied { sequence, ..applied })
    }
}

/// A run of records that never came.
struct Missing<'a> {
    from: u64,
    to: u64,
    records: u64,
    /// The agent's word for it; without one it is a hole in the numbers.
    gap: Option<&'a Gap>,
}

impl Missing<'_> {
    async fn store(
        &self,
        transaction: &mut Transaction,
        agent: i64,
        epoch: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        on!(transaction, |db| sqlx::query(
            "INSERT INTO gaps (agent, epoch, first_sequence, last_sequence, records, explained, first_seen,
                               last_seen, received)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(agent)
        .bind(epoch)
        .bind(stored(self.from))
        .bind(stored(self.to))
        .bind(stored(self.records))
        .bind(i64::from(self.gap.is_some()))
        .bind(self.gap.map(|gap| millis(gap.first_seen)))
        .bind(self.gap.map(|gap| millis(gap.last_seen)))
        .bind(now)
        .execute(&mut **db)
        .await
        .map(drop))?;
        Ok(())
    }
}
