use std::io;
use std::path::PathBuf;

use ring::signature::{ED25519, UnparsedPublicKey};
use umbra_catalog::{Catalogue, TRIE_CAPACITY};
use umbra_report::{Configuration, SIGNED_CONTEXT, Signed, VERSION};

use super::Own;
use crate::config;

/// What errors call the collector's catalogue.
const COLLECTORS: &str = "the collector's catalogue";

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(
        "its signature is not that of the collector's key (was it changed on its way? a collector with a new key gives it with the next certificate)"
    )]
    Signature,
    #[error("it cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    #[error("it is of version {0}, and this agent knows version {VERSION}: upgrade the agent")]
    Version(u16),
    #[error(
        "it is older than the one that runs (number {0}, and {1} runs); if the collector's store was put back from a backup, roll out again"
    )]
    Older(u64, u64),
    #[error("{0}")]
    Catalogue(#[from] umbra_catalog::Error),
    #[error(
        "{COLLECTORS} is too large to take the place of another while it is in use: {0} entries of {most} compiled",
        most = TRIE_CAPACITY / 2
    )]
    Large(usize),
    #[error("this host's own catalogue cannot be read: {0}")]
    Own(String),
    #[error("it cannot be kept in {}: {error}", folder.display())]
    Disk { folder: PathBuf, error: io::Error },
}

impl Refused {
    /// Whether the very same may be taken the next time: nothing is wrong with it.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Disk { .. })
    }
}

/// What was signed, when the signature is good and it is none that came before the `last` one.
pub(super) fn checked(signed: &Signed, key: &str, last: u64) -> Result<Configuration, Refused> {
    let (key, signature) = unhex(key)
        .zip(unhex(&signed.signature))
        .ok_or(Refused::Signature)?;
    let message = [SIGNED_CONTEXT, signed.configuration.as_bytes()].concat();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&message, &signature)
        .map_err(|_| Refused::Signature)?;
    let configuration: Configuration = serde_json::from_str(&signed.configuration)?;
    if configuration.version != VERSION {
        return Err(Refused::Version(configuration.version));
    }
    if configuration.serial < last {
        return Err(Refused::Older(configuration.serial, last));
    }
    Ok(configuration)
}

/// The built-in catalogue with the collector's over it, and this host's own over both; `None` when the collector's has
/// nothing to say.
pub(super) fn catalogue(
    text: Option<&str>,
    options: &config::Configuration,
    own: Option<&Own>,
) -> Result<Option<Catalogue>, Refused> {
    let Some(text) = text.filter(|_| options.catalogue) else {
        return Ok(None);
    };
    let files: Vec<_> = std::iter::once((COLLECTORS, text))
        .chain(own.map(|own| (own.0.as_str(), own.1.as_str())))
        .collect();
    fitting(Catalogue::with_overrides(&files)?).map(Some)
}

/// The built-in catalogue with this host's own over it.
pub(super) fn without(own: Option<&Own>) -> Result<Catalogue, Refused> {
    let files: Vec<_> = own
        .map(|own| (own.0.as_str(), own.1.as_str()))
        .into_iter()
        .collect();
    fitting(Catalogue::with_overrides(&files)?)
}

/// The kernel's table has two while one takes the place of the other.
fn fitting(catalogue: Catalogue) -> Result<Catalogue, Refused> {
    let entries = catalogue.trie().len();
    if entries > TRIE_CAPACITY / 2 {
        return Err(Refused::Large(entries));
    }
    Ok(catalogue)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
