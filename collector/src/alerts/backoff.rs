use std::time::{Duration, SystemTime};

/// Pause before the second attempt.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause of our own.
const LONGEST: Duration = Duration::from_mins(5);
/// The longest pause that a receiver may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// The pause after the attempt numbered `attempts` (from 0) failed: doubled each time, then half of it drawn by lot,
/// so that collectors do not come back all at once.
pub(super) fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or_default();
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The pause that a `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
pub(super) fn asked(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value)
            .ok()?
            .duration_since(now)
            .unwrap_or_default(),
    };
    Some(pause.min(LONGEST_ASKED))
}
