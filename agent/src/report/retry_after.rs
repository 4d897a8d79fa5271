use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// A longer wish is not followed: a mistyped one would silence the agent.
const LONGEST: Duration = Duration::from_hours(1);

/// What a `Retry-After` header asks for (RFC 9110, section 10.2.3): seconds, or a date.
pub(crate) fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let asked = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        // An HTTP date is an RFC 2822 date in GMT (RFC 9110, section 5.6.7).
        let date = rfc2822::parse(value).ok()?.timestamp();
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    Some(asked.min(LONGEST))
}

#[cfg(test)]
mod tests;
