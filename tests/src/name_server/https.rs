//! `HTTPS` records (RFC 9460): with an address, or with a configuration for encrypted client hello (RFC 9849, section
//! 4).

use std::fmt::Write;
use std::net::Ipv4Addr;

const HTTPS: u16 = 65;
/// `SvcParamKey` of addresses (RFC 9460, section 7.3).
const IPV4_HINT: u16 = 4;
/// `SvcParamKey` of a list of configurations (RFC 9848).
const ECH: u16 = 5;
const VERSION: u16 = 0xfe0d;
/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM (RFC 9180, section 7).
const KEM: u16 = 0x20;
const KDF_AND_AEAD: [u8; 4] = [0, 1, 0, 1];

/// The argument of dnsmasq that gives `name` a configuration whose front is `front`. Nobody has the key to it.
pub fn encrypting(name: &str, front: &str) -> String {
    let front_length = u8::try_from(front.len()).expect("a name is short");
    let contents = [
        &[1][..], // number of the configuration
        &KEM.to_be_bytes(),
        &sized(&[9; 32]), // any bytes are a point of X25519
        &sized(&KDF_AND_AEAD),
        &[0, front_length],
        front.as_bytes(),
        &sized(&[]),
    ]
    .concat();
    let list = sized(&[&VERSION.to_be_bytes()[..], &sized(&contents)].concat());
    record(name, ECH, &list)
}

/// The argument of dnsmasq that hints that `name` has this address.
pub fn hinting(name: &str, address: Ipv4Addr) -> String {
    record(name, IPV4_HINT, &address.octets())
}

/// A record with priority 1, the name itself as target, and one parameter.
fn record(name: &str, key: u16, value: &[u8]) -> String {
    let record = [&[0, 1, 0][..], &key.to_be_bytes(), &sized(value)].concat();
    let hex = record.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    });
    format!("--dns-rr={name},{HTTPS},{hex}")
}

/// With its length in front.
fn sized(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a record is short");
    [&length.to_be_bytes()[..], body].concat()
}
