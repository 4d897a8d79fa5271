//! What is sent to each vendor on each day, and by how many callers: of all hosts, or of those that somebody sees.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::both::Wording;
use super::seen::{of_seen, pairs};
use super::volumes::DAY;
use super::{Store, StoreError, count, millis, on};
use crate::access::Scope;

/// Vendors of an answer; a catalogue has fewer.
const VENDORS: i64 = 1_000;

/// `$1` and `$2` are hours. Sums are given in halves of 32 bits, which no sum of hours makes too large.
macro_rules! days {
    ($whose:literal) => {
        concat!(
            " SELECT d.vendor, o.hour / 86400000 AS day,
                     CAST(sum(o.bytes_out >> 32) AS BIGINT), CAST(sum(o.bytes_out & 4294967295) AS BIGINT)
              FROM observations o JOIN destinations d ON d.id = o.destination
              WHERE o.hour >= $1 AND o.hour < $2",
            $whose,
            " GROUP BY d.vendor, o.hour / 86400000"
        )
    };
}

/// `$1` is a time and `$2` how many vendors.
macro_rules! callers {
    ($whose:literal) => {
        concat!(
            " SELECT d.vendor, count(DISTINCT u.caller) AS callers
              FROM uses u JOIN destinations d ON d.id = u.destination
              WHERE u.last_seen >= $1",
            $whose,
            " GROUP BY d.vendor ORDER BY 2 DESC, 1 LIMIT $2"
        )
    };
}

const DAYS_SEEN: Wording = of_seen!(
    "$3",
    days!(" AND o.caller IN (SELECT c.id FROM seen s JOIN callers c ON c.agent = s.agent)")
);

const CALLERS_SEEN: Wording = of_seen!(
    "$3",
    callers!(" AND u.caller IN (SELECT c.id FROM seen s JOIN callers c ON c.agent = s.agent)")
);

/// Vendor, day since 1970-01-01, and the halves of the sum.
type DayRow = (String, i64, i64, i64);
/// Vendor and callers.
type CallersRow = (String, i64);

/// A vendor's part of the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VendorTraffic {
    /// Its name in the catalogue.
    pub(crate) vendor: String,
    /// Callers, a user's program on a host each, that used it; 0 where they are not counted.
    pub(crate) callers: u64,
    /// Bytes that they sent, on each of the days.
    pub(crate) days: Vec<u64>,
}

impl VendorTraffic {
    /// Bytes of all days.
    pub(crate) fn sum(&self) -> u64 {
        self.days.iter().fold(0, |sum, day| sum.saturating_add(*day))
    }
}

impl Store {
    /// What was sent on so many days (UTC) up to that of `now`, by vendor: the one that was sent most first.
    pub(crate) async fn traffic(
        &self,
        scope: &Scope,
        days: u16,
        now: Timestamp,
    ) -> Result<Vec<VendorTraffic>, StoreError> {
        let today = millis(now).div_euclid(DAY);
        let first = today + 1 - i64::from(days);
        let readers = self.readers();
        let (per_day, callers): (Vec<DayRow>, Vec<CallersRow>) = if scope.is_all() {
            (
                on!(&readers, |db| sqlx::query_as(days!(""))
                    .bind(first * DAY)
                    .bind((today + 1) * DAY)
                    .fetch_all(*db)
                    .await)?,
                on!(&readers, |db| sqlx::query_as(callers!(""))
                    .bind(first * DAY)
                    .bind(VENDORS)
                    .fetch_all(*db)
                    .await)?,
            )
        } else {
            let scope = pairs(scope)?;
            let (sent, used) = (readers.word(DAYS_SEEN), readers.word(CALLERS_SEEN));
            (
                on!(&readers, |db| sqlx::query_as(sent)
                    .bind(first * DAY)
                    .bind((today + 1) * DAY)
                    .bind(&scope)
                    .fetch_all(*db)
                    .await)?,
                on!(&readers, |db| sqlx::query_as(used)
                    .bind(first * DAY)
                    .bind(VENDORS)
                    .bind(&scope)
                    .fetch_all(*db)
                    .await)?,
            )
        };
        let mut traffic: Vec<VendorTraffic> = callers
            .into_iter()
            .map(|(vendor, callers)| VendorTraffic {
                vendor,
                callers: count(callers),
                days: vec![0; usize::from(days)],
            })
            .collect();
        fill(&mut traffic, per_day, first);
        Ok(traffic)
    }
    /// What a caller sent on these days.
    pub(crate) async fn traffic_of_caller(
        &self,
        caller: i64,
        days: u16,
        now: Timestamp,
    ) -> Result<Vec<VendorTraffic>, StoreError> {
        self.traffic_of(days!(" AND o.caller = $3"), caller, days, now)
            .await
    }

    /// What the callers of a host sent on these days; `agent` is its agent's row.
    pub(crate) async fn traffic_of_agent(
        &self,
        agent: i64,
        days: u16,
        now: Timestamp,
    ) -> Result<Vec<VendorTraffic>, StoreError> {
        let statement = days!(" AND o.caller IN (SELECT id FROM callers WHERE agent = $3)");
        self.traffic_of(statement, agent, days, now).await
    }

    async fn traffic_of(
        &self,
        statement: &'static str,
        row: i64,
        days: u16,
        now: Timestamp,
    ) -> Result<Vec<VendorTraffic>, StoreError> {
        let today = millis(now).div_euclid(DAY);
        let first = today + 1 - i64::from(days);
        let per_day: Vec<DayRow> = on!(self.readers(), |db| sqlx::query_as(statement)
            .bind(first * DAY)
            .bind((today + 1) * DAY)
            .bind(row)
            .fetch_all(db)
            .await)?;
        let vendors: BTreeSet<&String> = per_day.iter().map(|(vendor, ..)| vendor).collect();
        let none = |vendor: &String| VendorTraffic {
            vendor: vendor.clone(),
            callers: 0,
            days: vec![0; usize::from(days)],
        };
        let mut traffic: Vec<VendorTraffic> = vendors.into_iter().map(none).collect();
        fill(&mut traffic, per_day, first);
        Ok(traffic)
    }
}

/// Puts what was sent on each day in its place; the vendor that was sent most is then first.
fn fill(traffic: &mut [VendorTraffic], per_day: Vec<DayRow>, first: i64) {
    for (vendor, day, high, low) in per_day {
        let place = usize::try_from(day - first).ok();
        let of_vendor = traffic.iter_mut().find(|of| of.vendor == vendor);
        if let Some(bytes) = of_vendor.and_then(|of| of.days.get_mut(place?)) {
            *bytes = count(high).saturating_mul(1 << 32).saturating_add(count(low));
        }
    }
    traffic.sort_by(|one, two| (two.sum(), &one.vendor).cmp(&(one.sum(), &two.vendor)));
}
