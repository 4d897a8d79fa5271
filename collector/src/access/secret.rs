//! Secrets of sessions, tokens and the set-up link: random, and kept as a hash alone. What is random needs no slow hash.

use uuid::Uuid;

use crate::authority::fingerprint;

/// 64 hexadecimal digits, of which 244 bits are random.
pub(crate) fn new() -> String {
    let half = || Uuid::new_v4().simple();
    format!("{}{}", half(), half())
}

/// As the store keeps it: SHA-256, hexadecimal digits.
pub(crate) fn hash(secret: &str) -> String {
    fingerprint(secret.as_bytes())
}
