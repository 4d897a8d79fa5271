use std::time::Duration;

use jiff::Timestamp;
use umbra_report::{Condition, Record, RecordBody, Waiting};

use super::Reporter;

impl Reporter {
    /// How the agent's work goes; `oldest` are the first records of the spool, `None` when it cannot be read.
    pub(super) fn condition(&self, oldest: Option<&Vec<Record>>) -> Condition {
        let spool = oldest.map(|records| {
            let level = *self.spool.level().borrow();
            Waiting {
                records: level.records,
                bytes: level.bytes,
                oldest_seconds: records
                    .first()
                    .map_or(0, |record| age(made(record), Timestamp::now())),
            }
        });
        Condition {
            heartbeat_seconds: u32::try_from(self.config.heartbeat_seconds.get()).unwrap_or(u32::MAX),
            spool,
            catalogue: self.stats.catalogue().map(str::to_owned),
            programs: u32::try_from(self.stats.programs()).unwrap_or(u32::MAX),
            last_error: self.stats.last_trouble(),
        }
    }

    /// How long a collector may hear nothing: up to a fifth less than configured, so that a fleet that was started at
    /// one moment does not speak at one moment for ever.
    pub(super) fn heartbeat(&self) -> Duration {
        let longest = self.config.heartbeat_seconds.as_seconds();
        longest.mul_f64(0.8 + 0.2 * fastrand::f64())
    }
}

fn made(record: &Record) -> Timestamp {
    match &record.body {
        RecordBody::Observation(seen) => seen.first_seen,
        RecordBody::Gap(gap) => gap.first_seen,
    }
}

/// Whole seconds; none when the clock was turned back meanwhile.
fn age(time: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_second() - time.as_second()).unwrap_or(0)
}
