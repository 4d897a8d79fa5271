//! Numbers, times and evidence as people read them.

use jiff::Timestamp;
use umbra_report::Evidence;

pub(super) use crate::findings::bytes;

/// A count with a comma at each thousand.
pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How long ago, in the largest unit that fits. Steps are coarse, so that a page at rest does not change each second.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    match seconds {
        ..10 => "just now".to_owned(),
        10..60 => format!("{} s ago", seconds / 10 * 10),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `2026-11-24 10:15:03 UTC`
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time in two parts, `2026-11-24` and `10:15:03 UTC`, and whole for machines.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub(super) date: String,
    pub(super) clock: String,
    pub(super) whole: String,
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self {
            date: time.strftime("%Y-%m-%d").to_string(),
            clock: time.strftime("%H:%M:%S UTC").to_string(),
            whole: time.to_string(),
        }
    }
}

/// Bytes with a unit, and exactly.
pub(super) struct Bytes {
    pub(super) short: String,
    pub(super) exact: String,
    pub(super) value: u64,
}

impl From<u64> for Bytes {
    fn from(value: u64) -> Self {
        Self {
            short: bytes(value),
            exact: format!("{} bytes", thousands(value)),
            value,
        }
    }
}

/// Bytes with a unit, and exactly where that says more.
pub(super) fn exactly(count: u64) -> String {
    if count < 1024 {
        bytes(count)
    } else {
        format!("{} ({} bytes)", bytes(count), thousands(count))
    }
}

/// How a name is known: in short, and in a sentence's part.
pub(super) fn evidence(evidence: Option<Evidence>) -> (&'static str, &'static str) {
    match evidence {
        Some(Evidence::TlsSni) => ("TLS SNI", "server name in the TLS hello"),
        Some(Evidence::QuicSni) => ("QUIC SNI", "server name in the QUIC hello"),
        Some(Evidence::HttpHost) => ("HTTP Host", "Host of a plain HTTP request"),
        Some(Evidence::ProxyConnect) => ("CONNECT", "target of an HTTP CONNECT through a proxy"),
        Some(Evidence::Socks) => ("SOCKS", "domain of a SOCKS request"),
        Some(Evidence::Dns) => ("DNS", "the name was asked for, and the flow goes to the answer"),
        Some(Evidence::Ip) => ("IP only", "only the address says so: never enough for a finding"),
        None => ("unknown", "evidence of a later version"),
    }
}

#[cfg(test)]
mod tests;
