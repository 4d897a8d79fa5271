use std::time::Duration;

/// Exponential back-off with full jitter, so that a fleet does not come back at one moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_mins(5);

impl Backoff {
    /// How long to wait after one more failure: anything up to twice as long as before, and at most five minutes.
    pub(crate) fn next(&mut self) -> Duration {
        let most = BASE.saturating_mul(1 << self.failures.min(16)).min(CAP);
        self.failures = self.failures.saturating_add(1);
        most.mul_f64(fastrand::f64())
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests;
