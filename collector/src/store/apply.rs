//! A group of reports in one transaction, with one statement a table.

use std::time::Duration;

use umbra_fail_point::fail_point;
use umbra_report::{Gap, Observation, RecordBody};

use super::agents::Known;
use super::both::{Wording, with_rows};
use super::group::Item;
use super::{Store, StoreError, agents, batch, millis, stored};

/// How often a group is tried that meets what other collectors do.
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

/// Items are agent, epoch and number.
const REMEMBER: Wording = with_rows!(
    "INSERT INTO streams (agent, epoch, sequence)
     SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT) FROM",
    "WHERE true ON CONFLICT (agent, epoch) DO UPDATE SET sequence = excluded.sequence"
);

const MISS: Wording = with_rows!(
    "INSERT INTO gaps (agent, epoch, first_sequence, last_sequence, records, explained, first_seen, last_seen, received)
     SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT),
            CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT),
            CAST(value ->> 7 AS BIGINT), CAST(value ->> 8 AS BIGINT)
     FROM",
    "WHERE true"
);

impl Store {
    /// Applies reports of different agents; gives what each changed.
    pub(super) async fn apply_group(&self, group: &[Item]) -> Result<Vec<Applied>, StoreError> {
        let mut attempt = 1;
        loop {
            self.make_months_of(group.iter().map(|item| &item.arrival.report))
                .await?;
            match self.apply_once(group).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, "storing reports again: {error}");
                    self.forget_months();
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..20 << attempt))).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn apply_once(&self, group: &[Item]) -> Result<Vec<Applied>, StoreError> {
        let policy = self.in_force().await?;
        let mut transaction = self.begin().await?;
        let known = agents::remember(&mut transaction, group).await?;
        fail_point("agent_remembered");
        let news: Vec<News<'_>> = group
            .iter()
            .zip(known)
            .map(|(item, known)| News::of(item, known))
            .collect();
        let gaps: Vec<_> = news.iter().flat_map(News::gaps).collect();
        batch::execute(&mut transaction, MISS, gaps).await?;
        let raised = batch::apply(&mut transaction, &news, &policy, &self.vendors).await?;
        let moved = news.iter().filter(|news| news.applied.records > 0);
        let streams: Vec<_> = moved
            .map(|news| {
                (
                    news.agent,
                    news.item.arrival.report.epoch,
                    stored(news.applied.sequence),
                )
            })
            .collect();
        batch::execute(&mut transaction, REMEMBER, streams).await?;
        fail_point("report_applied");
        transaction.commit().await?;
        let applied = news.iter().zip(raised);
        Ok(applied
            .map(|(news, findings)| Applied {
                findings,
                ..news.applied
            })
            .collect())
    }
}

/// What is new of a report.
pub(super) struct News<'a> {
    pub(super) item: &'a Item,
    /// The agent's row.
    pub(super) agent: i64,
    pub(super) observations: Vec<&'a Observation>,
    missing: Vec<Missing<'a>>,
    applied: Applied,
}

/// A run of records that never came.
struct Missing<'a> {
    from: u64,
    to: u64,
    records: u64,
    /// The agent's word for it; without one it is a hole in the numbers.
    gap: Option<&'a Gap>,
}

impl<'a> News<'a> {
    fn of(item: &'a Item, Known { agent, sequence }: Known) -> Self {
        let mut news = Self {
            item,
            agent,
            observations: Vec::new(),
            missing: Vec::new(),
            applied: Applied {
                sequence,
                ..Applied::default()
            },
        };
        for record in &item.arrival.report.records {
            if record.sequence <= news.applied.sequence {
                news.applied.repeated += 1;
                continue;
            }
            let next = news.applied.sequence + 1;
            let (begin, gap) = match &record.body {
                RecordBody::Observation(observation) => {
                    news.observations.push(observation);
                    (record.sequence, None)
                }
                RecordBody::Gap(gap) => (gap.from, Some(gap)),
            };
            if begin > next {
                news.missing.push(Missing {
                    from: next,
                    to: begin - 1,
                    records: begin - next,
                    gap: None,
                });
            }
            // A gap of no records stands for numbers that were passed over.
            if let Some(gap) = gap.filter(|gap| gap.records > 0) {
                // What a gap stands for may be here already: it was sent, and dropped before it was acknowledged.
                let from = gap.from.max(next);
                news.missing.push(Missing {
                    from,
                    to: record.sequence,
                    records: gap.records.min(record.sequence - from + 1),
                    gap: Some(gap),
                });
            }
            news.applied.sequence = record.sequence;
            news.applied.records += 1;
        }
        news
    }

    /// Rows of gaps.
    fn gaps(&self) -> impl Iterator<Item = impl serde::Serialize> + '_ {
        self.missing.iter().map(|missing| {
            (
                self.agent,
                self.item.arrival.report.epoch,
                stored(missing.from),
                stored(missing.to),
                stored(missing.records),
                i64::from(missing.gap.is_some()),
                missing.gap.map(|gap| millis(gap.first_seen)),
                missing.gap.map(|gap| millis(gap.last_seen)),
                millis(self.item.arrival.received),
            )
        })
    }
}
