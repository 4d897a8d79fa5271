//! The text of a pattern: host names with label wildcards, or an address.

use std::net::Ipv6Addr;

/// Longest host name in text form (RFC 1035, 2.3.4); the trie's `NAME_MAX`.
const NAME_MAX: usize = 253;
/// Longest label (RFC 1035, 2.3.4).
const LABEL_MAX: usize = 63;
/// The trie allows one look-up and one behind each wildcard; its `LOOKUPS_MAX` is 4.
const WILDCARDS_MAX: usize = 3;

/// Why a host is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostProblem {
    /// Nothing, or only one label, which with all below it is a top-level domain.
    #[error(
        "has fewer than two labels; write a full host name, such as `api.example.com`, or say `match = \"exact\"` if a \
         host of your own is called so"
    )]
    TooShort,
    /// Has a colon, and is no address.
    #[error(
        "is no IPv6 address; write one without brackets, port and zone (`fd00::5`), and a name without its port"
    )]
    Address,
    /// Another form of an address.
    #[error("is not in the canonical form of RFC 5952; write `{0}`")]
    NotCanonical(String),
    /// A suffix of an address.
    #[error("is an address, and no host is below one; say `match = \"exact\"`")]
    NothingBelow,
    /// More than a host name may have.
    #[error("is longer than 253 bytes, so that no host can be called so; shorten it")]
    TooLong,
    /// A label is empty or longer than a label may be.
    #[error("has a label of no or more than 63 bytes; look for a doubled, leading or trailing dot")]
    Label,
    /// Upper case.
    #[error("has capital letters; names are compared in lower case, so write it in lower case")]
    UpperCase,
    /// Neither letter, digit, hyphen nor underscore.
    #[error(
        "has `{0}` in it; a host is made of a-z, 0-9, `-`, `_` and dots (write an IDN in punycode: `xn--…`)"
    )]
    Character(char),
    /// A wildcard in the middle or at the end of a label.
    #[error(
        "has `*` behind the beginning of a label; the kernel reads names from the right, so `*` can be a whole label or \
         begin one (`*-ai.example.com`), but `ai-*` cannot be told: list the hosts one by one"
    )]
    Wildcard,
    /// More wildcards than the kernel follows.
    #[error("has more than three wildcards; list the hosts, or use a suffix")]
    Wildcards,
    /// A wildcard in an exclusion.
    #[error("is an exclusion with a wildcard; list the hosts to exclude one by one, or exclude a suffix")]
    Exclusion,
}

/// Checks the text of a pattern; `exact` if nothing below it matches. Hosts of one's own network may have one label.
pub(crate) fn check(host: &str, exact: bool, exclusion: bool) -> Result<(), HostProblem> {
    if host.len() > NAME_MAX {
        return Err(HostProblem::TooLong);
    }
    if host.contains(':') {
        return check_address(host, exact);
    }
    for character in host.chars() {
        match character {
            'a'..='z' | '0'..='9' | '-' | '_' | '.' | '*' => {}
            'A'..='Z' => return Err(HostProblem::UpperCase),
            other => return Err(HostProblem::Character(other)),
        }
    }
    let labels: Vec<&str> = host.split('.').collect();
    if labels.len() < 2 && !(exact && !host.is_empty() && !host.contains('*')) {
        return Err(HostProblem::TooShort);
    }
    if labels
        .iter()
        .any(|label| label.is_empty() || label.len() > LABEL_MAX)
    {
        return Err(HostProblem::Label);
    }
    if labels
        .iter()
        .any(|label| label.chars().skip(1).any(|character| character == '*'))
    {
        return Err(HostProblem::Wildcard);
    }
    match host.matches('*').count() {
        0 => Ok(()),
        _ if exclusion => Err(HostProblem::Exclusion),
        wildcards if wildcards > WILDCARDS_MAX => Err(HostProblem::Wildcards),
        _ => Ok(()),
    }
}

/// Checks a host with a colon in it: an IPv6 address in its canonical form (RFC 5952).
fn check_address(host: &str, exact: bool) -> Result<(), HostProblem> {
    let address: Ipv6Addr = host.parse().map_err(|_| HostProblem::Address)?;
    let canonical = address.to_string();
    if canonical != host {
        Err(HostProblem::NotCanonical(canonical))
    } else if exact {
        Ok(())
    } else {
        Err(HostProblem::NothingBelow)
    }
}
