use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tracing::warn;
use umbra_report::Signed;

/// In the spool's folder.
pub(super) const FILE: &str = "configuration.json";

/// The last good configuration, with the key that it was checked with.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) signed: Signed,
}

impl Kept {
    /// What `folder` holds; what cannot be read is said, and is as good as none.
    pub(super) fn load(folder: &Path) -> Option<Self> {
        let path = folder.join(FILE);
        let read = fs::read(&path).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        match read {
            Ok(kept) => Some(kept),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                warn!(
                    "cannot read the collector's last configuration in {}: {error}; it is asked for again",
                    path.display()
                );
                None
            }
        }
    }

    /// Whole or not at all, for this user alone.
    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
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
}
