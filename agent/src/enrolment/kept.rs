use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use serde::{Deserialize, Serialize};
use tracing::warn;
use uuid::Uuid;

/// In the spool's folder.
const FILE: &str = "enrolment.json";

/// The agent's key, and its certificate once it has one: one file, so that they always belong together.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Whose key it is.
    pub(crate) agent: Uuid,
    /// PEM (PKCS #8).
    pub(crate) key: String,
    /// What the collector gave for it.
    pub(crate) certificate: Option<Certificate>,
}

/// What the collector gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Certificate {
    /// PEM.
    pub(crate) chain: String,
    /// PEM: whom to trust.
    pub(crate) authority: String,
    /// What signs the collector's configurations: 64 hexadecimal digits.
    #[serde(default)]
    pub(crate) configuration_key: Option<String>,
    /// Until when it is good, by the collector's clock.
    pub(crate) not_after: Timestamp,
    /// When to ask for the next one, by this host's clock.
    pub(crate) renew: Timestamp,
}

impl Kept {
    /// A new key.
    pub(crate) fn new(agent: Uuid) -> Result<Self, rcgen::Error> {
        Ok(Self {
            agent,
            key: KeyPair::generate()?.serialize_pem(),
            certificate: None,
        })
    }

    /// What `folder` holds for `agent`; a damaged file is said, and is as good as none.
    pub(crate) fn load(folder: &Path, agent: Uuid) -> io::Result<Option<Self>> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(kept) if kept.agent == agent => Ok(Some(kept)),
            Ok(_) => {
                warn!("{} is another agent's: this one enrols anew", path.display());
                Ok(None)
            }
            Err(error) => {
                warn!("{} is damaged ({error}): the agent enrols anew", path.display());
                Ok(None)
            }
        }
    }

    /// Whole or not at all, for this user alone.
    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join(FILE);
        let new = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }

    /// A request for a certificate (PKCS #10, PEM).
    pub(crate) fn request(&self) -> Result<String, rcgen::Error> {
        let key = KeyPair::from_pem(&self.key)?;
        CertificateParams::default().serialize_request(&key)?.pem()
    }
}
