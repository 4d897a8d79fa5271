//! Signatures by Standard Webhooks 1.0 (<https://www.standardwebhooks.com>): HMAC-SHA256 over id, time and body.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use super::target::{TargetError, read};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const LENGTH: std::ops::RangeInclusive<usize> = 24..=64;
/// The one that signs, and the one before, until every receiver has the new one.
const MOST: usize = 2;

/// The secrets of a receiver.
#[derive(Clone)]
pub(super) struct Signer(Vec<hmac::Key>);

impl Signer {
    /// Of a file with a secret a line.
    pub(super) fn open(path: &Path) -> Result<Self, TargetError> {
        let text = read(path)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Option<Vec<_>> = lines.map(key).collect();
        match keys {
            Some(keys) if (1..=MOST).contains(&keys.len()) => Ok(Self(keys)),
            _ => Err(TargetError::wrong(
                path,
                "it must hold one secret, or two while one takes the other's place, each on a line: whsec_ and 24 to 64 \
                 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` makes them",
            )),
        }
    }

    /// The value of `webhook-signature`: one of each secret. `time` is in seconds since 1970.
    pub(super) fn sign(&self, id: &str, time: i64, body: &[u8]) -> String {
        let signatures = self.0.iter().map(|key| {
            let mut context = hmac::Context::with_key(key);
            context.update(format!("{id}.{time}.").as_bytes());
            context.update(body);
            format!("v1,{}", BASE64_STANDARD.encode(context.sign()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Option<hmac::Key> {
    let bytes = BASE64_STANDARD.decode(line.strip_prefix(PREFIX)?).ok()?;
    LENGTH
        .contains(&bytes.len())
        .then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// Says nothing of the secrets.
impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}
