//! The kernel programs tell times in nanoseconds since boot; people read the calendar.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Turns times since boot into calendar time, by the offset at the moment that it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    boot: Timestamp,
}

/// When the host booted by the calendar, as it was told last, in nanoseconds since 1970.
static TOLD: AtomicI64 = AtomicI64::new(0);

/// The calendar is taken to have moved only when it did by more: two readings of two clocks differ by what lies
/// between them, and what happened at one moment should have one time.
const MOVED_NS: u64 = 10_000_000;

impl Clock {
    /// Reads both clocks now. A flow's times are converted once, so a later step of the calendar changes nothing.
    pub fn now() -> Self {
        let since_boot = SignedDuration::from_nanos(nanoseconds(clock_gettime(ClockId::Boottime)));
        let boot = Timestamp::now()
            .checked_sub(since_boot)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let now = i64::try_from(boot.as_nanosecond()).unwrap_or_default();
        let told = TOLD.load(Ordering::Relaxed);
        if told.abs_diff(now) < MOVED_NS {
            let boot = Timestamp::from_nanosecond(told.into()).unwrap_or(boot);
            return Self { boot };
        }
        TOLD.store(now, Ordering::Relaxed);
        Self { boot }
    }

    /// The calendar time of `ns` since boot.
    pub fn time(&self, ns: u64) -> Timestamp {
        let since_boot = SignedDuration::from_nanos(i64::try_from(ns).unwrap_or(i64::MAX));
        self.boot.checked_add(since_boot).unwrap_or(Timestamp::MAX)
    }
}

/// Nanoseconds since boot, as `bpf_ktime_get_boot_ns` counts them.
pub fn since_boot_ns() -> u64 {
    u64::try_from(nanoseconds(clock_gettime(ClockId::Boottime))).unwrap_or(0)
}

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(time.tv_nsec)
}

#[cfg(test)]
mod tests;
