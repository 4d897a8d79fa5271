use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::lock::LockError;

/// The spool cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// There is no folder for it.
    #[error(
        "cannot make the spool's folder {}: {source}; give the agent a folder that it can write with \
         `[spool] directory`",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Another agent uses the folder, or the lock cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No thread could be started for it.
    #[error("cannot start the spool's thread: {0}; the host has too many processes or too little memory")]
    Thread(#[source] io::Error),
}

/// Makes the folder if it is not there, for its owner alone: what it holds tells on people.
pub fn make_folder(folder: &Path) -> Result<(), SpoolError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| SpoolError::Folder {
            path: folder.to_owned(),
            source,
        })
}
