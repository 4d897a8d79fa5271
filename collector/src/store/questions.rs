//! What questions about the past read: the uses of a vendor, what each did in which period, and under which policy.
//!
//! A page of an answer costs its rows: uses are found along an index by their destination, and their hours by the key of
//! observations. A use that lies within a period as a whole is not added up again.

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::batch::json;
use super::both::Wording;
use super::search::OF_DESTINATION;
use super::uses::{Row, Use};
use super::{Store, StoreError, count, millis, on, stored, time};
use crate::findings::FindingKind;
use crate::policy::InForce;
use crate::questions::{Asked, Period, Periods};

/// Versions of the policy that one question may meet.
const VERSIONS: i64 = 500;

/// Where an answer goes on: after a use of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    destination: i64,
    first_seen: i64,
    id: i64,
}

/// A use and what it did in one period.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Who and what, as it was said last.
    pub(crate) used: Arc<Use>,
    /// When, and what had been decided.
    pub(crate) period: Period,
    /// Flows and bytes of that time.
    pub(crate) sum: Sum,
}

/// What was done in some hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) flows: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
}

/// How much a user's program sent to a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sender {
    /// The user's name, or `uid 1000` of one whom the host knows no name of.
    pub(crate) user: String,
    /// Fleet-wide name of the program.
    pub(crate) program: String,
    /// On how many hosts.
    pub(crate) hosts: u64,
    pub(crate) flows: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
}

/// Sums of hours, in halves.
macro_rules! halves {
    () => {
        "CAST(sum(o.flows >> 32) AS BIGINT), CAST(sum(o.flows & 4294967295) AS BIGINT),
         CAST(sum(o.bytes_out >> 32) AS BIGINT), CAST(sum(o.bytes_out & 4294967295) AS BIGINT),
         CAST(sum(o.bytes_in >> 32) AS BIGINT), CAST(sum(o.bytes_in & 4294967295) AS BIGINT),
         min(o.first_seen) AS first_seen, max(o.last_seen) AS last_seen"
    };
}

/// Items are a place, caller, destination, and first and last hour. Sums are given in halves of 32 bits, which no sum of
/// hours makes too large.
pub(super) const HOURS: Wording = Wording {
    sqlite: concat!(
        "SELECT CAST(r.value ->> 0 AS INTEGER), ",
        halves!(),
        " FROM jsonb_each($1) r CROSS JOIN observations o
          WHERE o.caller = CAST(r.value ->> 1 AS INTEGER) AND o.destination = CAST(r.value ->> 2 AS INTEGER)
            AND o.hour >= CAST(r.value ->> 3 AS INTEGER) AND o.hour < CAST(r.value ->> 4 AS INTEGER)
            AND o.hour >= $2 AND o.hour < $3
          GROUP BY 1"
    ),
    // For a join it may read whole months.
    postgres: concat!(
        "SELECT CAST(r.value ->> 0 AS BIGINT), s.* FROM jsonb_array_elements(CAST($1 AS jsonb)) r
         CROSS JOIN LATERAL (SELECT ",
        halves!(),
        " FROM observations o
          WHERE o.caller = CAST(r.value ->> 1 AS BIGINT) AND o.destination = CAST(r.value ->> 2 AS BIGINT)
            AND o.hour >= CAST(r.value ->> 3 AS BIGINT) AND o.hour < CAST(r.value ->> 4 AS BIGINT)
            AND o.hour >= $2 AND o.hour < $3) s
         WHERE s.first_seen IS NOT NULL"
    ),
};

/// The greatest senders to the vendor `$1` from the hour `$2` to before `$3`; `$4` is how many.
pub(super) const SENDERS: &str = concat!(
    "WITH asked AS MATERIALIZED (SELECT id FROM destinations WHERE vendor = $1),
     parts AS (
         SELECT u.caller, u.flows, u.bytes_out, u.bytes_in, u.first_seen, u.last_seen
         FROM asked d CROSS JOIN uses u
         WHERE u.destination = d.id AND u.first_seen >= $2 AND u.last_seen < $3
         UNION ALL
         SELECT u.caller, h.flows, h.bytes_out, h.bytes_in, h.first_seen, h.last_seen
         FROM asked d CROSS JOIN uses u CROSS JOIN observations h
         WHERE u.destination = d.id AND u.first_seen < $3 AND u.last_seen >= $2
           AND (u.first_seen < $2 OR u.last_seen >= $3)
           AND h.caller = u.caller AND h.destination = u.destination AND h.hour >= $2 AND h.hour < $3)
     SELECT coalesce(c.user_name, 'uid ' || CAST(c.uid AS TEXT)) AS person, p.name AS program,
            count(DISTINCT c.agent) AS hosts, ",
    halves!(),
    " FROM parts o CROSS JOIN callers c JOIN programs p ON p.id = c.program
      WHERE c.id = o.caller
      GROUP BY 1, 2
      ORDER BY sum(o.bytes_out >> 32) DESC, sum(o.bytes_out & 4294967295) DESC, 1, 2 LIMIT $4"
);

type Halves = (i64, i64, i64, i64, i64, i64, i64, i64);

impl Sum {
    fn of((flows, flow, out, o, r#in, i, first, last): Halves) -> Self {
        let whole = |high: i64, low: i64| count(high).saturating_mul(1 << 32).saturating_add(count(low));
        Self {
            flows: whole(flows, flow),
            bytes_out: whole(out, o),
            bytes_in: whole(r#in, i),
            first_seen: time(first),
            last_seen: time(last),
        }
    }

    fn whole(used: &Use) -> Self {
        Self {
            flows: used.flows,
            bytes_out: used.bytes_out,
            bytes_in: used.bytes_in,
            first_seen: used.first_seen,
            last_seen: used.last_seen,
        }
    }
}

impl Store {
    /// The time that is asked about, in its parts; `None`: there are too many.
    pub(crate) async fn periods(&self, asked: &Asked) -> Result<Option<Periods>, StoreError> {
        let before = self.policy_version_at(asked.from).await?;
        let versions: Vec<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT version FROM policies WHERE version >= $1 AND applied < $2 ORDER BY version LIMIT $3",
            )
            .bind(stored(before).max(1))
            .bind(millis(asked.to))
            .bind(VERSIONS + 1)
            .fetch_all(db)
            .await
        })?;
        if versions.len() > usize::try_from(VERSIONS).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let mut policies = Vec::with_capacity(versions.len());
        for version in versions {
            let decided = self.policy(count(version)).await?.unwrap_or_default();
            let applied = decided
                .version
                .as_ref()
                .map_or(asked.from, |version| version.applied);
            policies.push((applied, Arc::new(InForce::from(decided))));
        }
        Ok(Some(Periods::of(asked.from, asked.to, &policies)))
    }

    /// Uses of the vendor that were seen in the time, parted by its periods: those of at most `most` uses, and where to go
    /// on, when there may be more.
    pub(crate) async fn parts(
        &self,
        asked: &Asked,
        periods: &Periods,
        after: Option<After>,
        most: u16,
    ) -> Result<(Vec<Part>, Option<After>), StoreError> {
        let destinations: Vec<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT id FROM destinations WHERE vendor = $1 AND id >= $2 ORDER BY id")
                .bind(&asked.vendor)
                .bind(after.map_or(i64::MIN, |after| after.destination))
                .fetch_all(db)
                .await
        })?;
        let mut found: Vec<(i64, Row)> = Vec::new();
        let mut next = None;
        for destination in destinations {
            let here = after.filter(|after| after.destination == destination);
            let room = usize::from(most) - found.len();
            let rows = self.of_destination(asked, destination, here, room + 1).await?;
            let is_full = rows.len() > room;
            found.extend(rows.into_iter().take(room).map(|row| (destination, row)));
            if is_full {
                next = found.last().map(|(destination, row)| row.after(*destination));
                // Of none of this destination there was room: the one before is at its end.
                break;
            }
        }
        Ok((self.parted(found, asked, periods).await?, next))
    }

    async fn of_destination(
        &self,
        asked: &Asked,
        destination: i64,
        after: Option<After>,
        most: usize,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(OF_DESTINATION)
                .bind(after.map_or(i64::MAX, |after| after.first_seen))
                .bind(after.map_or(i64::MAX, |after| after.id))
                .bind(i64::try_from(most).unwrap_or(i64::MAX))
                .bind(FindingKind::NewCaller.as_str())
                .bind(destination)
                .bind(millis(asked.to))
                .bind(millis(asked.from))
                .fetch_all(db)
                .await
        })?)
    }

    async fn parted(
        &self,
        found: Vec<(i64, Row)>,
        asked: &Asked,
        periods: &Periods,
    ) -> Result<Vec<Part>, StoreError> {
        let mut parts = Vec::new();
        let mut hours = Vec::new();
        for (destination, row) in found {
            let caller = row.caller();
            let used = Arc::new(self.people.used(Use::from(row)));
            for period in &periods.0 {
                if used.last_seen < period.from || used.first_seen >= period.to {
                    continue;
                }
                if used.first_seen >= period.from && used.last_seen < period.to {
                    let sum = Sum::whole(&used);
                    parts.push((Arc::clone(&used), period.clone(), Some(sum)));
                } else {
                    hours.push((
                        parts.len(),
                        caller,
                        destination,
                        millis(period.from),
                        millis(period.to),
                    ));
                    parts.push((Arc::clone(&used), period.clone(), None));
                }
            }
        }
        if !hours.is_empty() {
            let rows = json(hours)?;
            let readers = self.readers();
            let statement = readers.word(HOURS);
            let sums: Vec<Added> = on!(readers, |db| {
                sqlx::query_as(statement)
                    .bind(&rows)
                    .bind(millis(asked.from))
                    .bind(millis(asked.to))
                    .fetch_all(db)
                    .await
            })?;
            for (place, flows, flow, out, o, r#in, i, first, last) in sums {
                let place = usize::try_from(place).ok().and_then(|place| parts.get_mut(place));
                if let Some(part) = place {
                    part.2 = Some(Sum::of((flows, flow, out, o, r#in, i, first, last)));
                }
            }
        }
        // In a period of which no hour is kept, or in which it rested, a use did nothing.
        let parts = parts.into_iter().filter_map(|(used, period, sum)| {
            Some(Part {
                used,
                period,
                sum: sum?,
            })
        });
        Ok(parts.collect())
    }

    /// Who sent most to the vendor in the time: at most `most`.
    pub(crate) async fn senders(&self, asked: &Asked, most: u16) -> Result<Vec<Sender>, StoreError> {
        let rows: Vec<SenderRow> = on!(self.readers(), |db| {
            sqlx::query_as(SENDERS)
                .bind(&asked.vendor)
                .bind(millis(asked.from))
                .bind(millis(asked.to))
                .bind(i64::from(most))
                .fetch_all(db)
                .await
        })?;
        let sender = |(user, program, hosts, flows, flow, out, o, r#in, i, first, last)| {
            let sum = Sum::of((flows, flow, out, o, r#in, i, first, last));
            Sender {
                user: self.people.name(user),
                program,
                hosts: count(hosts),
                flows: sum.flows,
                bytes_out: sum.bytes_out,
                bytes_in: sum.bytes_in,
            }
        };
        Ok(rows.into_iter().map(sender).collect())
    }
}

type Added = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
type SenderRow = (String, String, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// `DESTINATION.FIRST_SEEN.ID`
impl std::fmt::Display for After {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.destination, self.first_seen, self.id)
    }
}

impl FromStr for After {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "this is no place in an answer; take the `next` of an earlier one";
        let mut numbers = text
            .splitn(3, '.')
            .map(|number| number.parse().map_err(|_| WRONG));
        let mut number = || numbers.next().unwrap_or(Err(WRONG));
        Ok(Self {
            destination: number()?,
            first_seen: number()?,
            id: number()?,
        })
    }
}

impl Row {
    fn after(&self, destination: i64) -> After {
        let (first_seen, id) = self.place();
        After {
            destination,
            first_seen,
            id,
        }
    }
}
