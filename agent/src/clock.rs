//! The kernel programs tell times in nanoseconds since boot; people read the calendar.

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Turns times since boot into calendar time, by the offset at the moment that it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    boot: Timestamp,
}

impl Clock {
    /// Reads both clocks now. A flow's times are converted once, so a later step of the calendar changes nothing.
    pub fn now() -> Self {
        let since_boot = SignedDuration::from_nanos(nanoseconds(clock_gettime(ClockId::Boottime)));
        Self {
            boot: Timestamp::now()
                .checked_sub(since_boot)
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
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
