//! Volume spikes: of the day that runs each hour, as its bytes only grow; of days before for as long as reports of them may
//! still come.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Keeper, LEASE};
use crate::findings::Spike;
use crate::findings::spike::{BACK, FLOOR, spike};
use crate::store::{DAY, Duty, StoreError, Volume};

/// Callers of a day that are looked at: those that sent most.
const CALLERS: u16 = 10_000;
/// Days before today of which late reports are waited for.
const LATE: i64 = 2;

impl Keeper {
    /// Looks for spikes, if that has not been done for a while; gives how many were raised.
    pub(super) async fn spikes(&self, now: Timestamp) -> Result<usize, StoreError> {
        let duty = Duty {
            name: "volumes",
            holder: self.duty.holder,
        };
        let Some(done) = self.store.take_duty(duty, now, LEASE).await? else {
            return Ok(0);
        };
        let time = now.as_millisecond();
        let pause = i64::try_from(self.watch.volumes.as_millis()).unwrap_or(i64::MAX);
        if time < done.saturating_add(pause) {
            return Ok(0);
        }
        let mut raised = 0;
        for day in days(done, time) {
            raised += self.spikes_of(day, now).await?;
        }
        self.store.advance_duty(duty, time).await?;
        Ok(raised)
    }

    async fn spikes_of(&self, day: i64, now: Timestamp) -> Result<usize, StoreError> {
        let mut found: BTreeMap<(i64, String), (Volume, Spike)> = BTreeMap::new();
        for volume in self.store.volumes(day, FLOOR, CALLERS).await? {
            let history = self.store.history(&volume, day - BACK, day).await?;
            let Some(usual) = spike(day, volume.bytes_out(), &history) else {
                continue;
            };
            let this = Spike {
                day: date(day),
                bytes_out: volume.bytes_out(),
                usual: usual.median,
                least: usual.least,
                most: usual.most,
                days: u32::try_from(usual.days).unwrap_or(u32::MAX),
                callers: 1,
            };
            // They come with the largest first, which is the one that is shown.
            match found.entry((volume.program, volume.vendor.clone())) {
                Entry::Vacant(entry) => {
                    entry.insert((volume, this));
                }
                Entry::Occupied(mut entry) => entry.get_mut().1.callers += 1,
            }
        }
        let mut raised = 0;
        for (volume, spike) in found.into_values() {
            let told = self.store.raise_spike(&volume, day, &spike, now).await?;
            raised += usize::from(told);
        }
        Ok(raised)
    }
}

/// Which days to look at, having looked at `done` (milliseconds since 1970): today; and with the first look of a day, and
/// for six hours, the days of which reports may be late.
fn days(done: i64, now: i64) -> RangeInclusive<i64> {
    const HOURS: i64 = 6 * 3_600_000;
    let today = now.div_euclid(DAY);
    if done.div_euclid(DAY) < today {
        today - LATE..=today
    } else if now.rem_euclid(DAY) < HOURS {
        today - 1..=today
    } else {
        today..=today
    }
}

/// The day of a number.
fn date(day: i64) -> jiff::civil::Date {
    let begin = Timestamp::from_millisecond(day.saturating_mul(DAY)).unwrap_or_default();
    begin.to_zoned(TimeZone::UTC).date()
}
