//! Which catalogue it is, in a word that fits into a report.

use std::fmt::Write as _;

use ring::digest::{Context, SHA256};
use umbra_catalog::Catalogue;

/// Bytes of the digest that are told: enough to tell the catalogues of one fleet apart.
const TOLD: usize = 8;

/// The first 16 hexadecimal digits of a SHA-256 over all patterns with what they stand for, in their order.
pub fn fingerprint(catalogue: &Catalogue) -> String {
    let mut digest = Context::new(&SHA256);
    for found in catalogue.patterns() {
        let parts = [
            found.host(),
            found.vendor_name(),
            found.service_name(),
            found.kind().as_str(),
            &format!("{:?}", found.pattern.reach),
        ];
        for part in parts {
            digest.update(part.as_bytes());
            // No part holds it, so that no two catalogues give one text.
            digest.update(&[0]);
        }
    }
    let digest = digest.finish();
    let told = digest.as_ref().iter().take(TOLD);
    told.fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
