//! Addresses as hosts of a user's own catalogue.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use umbra_agent_common::trie::ADDRESS;

/// How an address lies in the trie, whatever a client writes.
pub(crate) fn key(address: IpAddr) -> String {
    let (v4, v6);
    let bytes: &[u8] = match address {
        IpAddr::V4(address) => {
            v4 = address.octets();
            &v4
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            &v6
        }
    };
    let mut key = String::from(char::from(ADDRESS));
    for byte in bytes {
        write!(key, "{byte:02x}").expect("a string takes all");
    }
    key
}

/// The names under which a pattern's host lies in the trie.
pub(crate) fn names(host: &str) -> Vec<String> {
    match host.parse() {
        Ok(address @ IpAddr::V6(_)) => vec![key(address)],
        Ok(address @ IpAddr::V4(_)) => vec![host.to_owned(), key(address)],
        Err(_) => vec![host.to_owned()],
    }
}

/// The name to look up for what a client wrote.
pub(crate) fn looked_up(name: String) -> String {
    name.parse::<Ipv6Addr>()
        .map_or(name, |address| key(address.into()))
}

/// The address that lies in the trie as `name`.
pub fn of_name(name: &[u8]) -> Option<IpAddr> {
    let digits = std::str::from_utf8(name.strip_prefix(&[ADDRESS])?).ok()?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        8 => u32::from_str_radix(digits, 16)
            .ok()
            .map(|bits| Ipv4Addr::from_bits(bits).into()),
        32 => u128::from_str_radix(digits, 16)
            .ok()
            .map(|bits| Ipv6Addr::from_bits(bits).into()),
        _ => None,
    }
}
