//! Notices that the last agent was killed: what its rollup held then is lost, and that must not be silent.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// In the spool's folder while an agent runs.
const FILE: &str = "running";

/// Stands in the folder until the agent ends in order.
#[derive(Debug)]
pub struct Marker(PathBuf);

impl Marker {
    /// Sets the marker in `folder`; gives whether the last agent left one.
    ///
    /// Fails when the folder cannot be written, as on a full disk: then a kill goes unnoticed, and nothing else.
    pub fn set(folder: &Path) -> io::Result<(Self, bool)> {
        let path = folder.join(FILE);
        let left_over = path.exists();
        File::create(&path)?;
        Ok((Self(path), left_over))
    }

    /// Everything is on disk or delivered.
    pub fn clear(self) -> io::Result<()> {
        fs::remove_file(self.0)
    }
}

#[cfg(test)]
mod tests;
