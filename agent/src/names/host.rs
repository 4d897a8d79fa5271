//! Host names, as flows ask for them.

#[cfg(test)]
mod tests;

use std::fmt;

/// Longest name in the DNS, as text without the trailing dot (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
/// Longest label (the same section).
const LONGEST_LABEL: usize = 63;

/// A host name: lower case, no trailing dot, labels of letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostName(Box<str>);

impl HostName {
    /// What a client wrote, if it can be a host name.
    ///
    /// Underscores are let through, because clients use names that have them, and so are IPv4 addresses: RFC 6066,
    /// section 3, forbids them as server names, and clients send them all the same.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
        let fits = bytes.len() <= LONGEST && bytes.split(|&byte| byte == b'.').all(is_label);
        let text = std::str::from_utf8(bytes).ok().filter(|_| fits)?;
        Some(Self(text.to_ascii_lowercase().into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_label(bytes: &[u8]) -> bool {
    (1..=LONGEST_LABEL).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
