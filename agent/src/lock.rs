//! One agent a host, and one agent a spool: file locks that the kernel gives back when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Independent of any configuration: two agents with two spools would count every flow twice.
const HOST: &str = "/run/umbra-agent.lock";

/// Held until dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

/// The lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "another umbra-agent (process {holder}) already runs on this host and holds {}; stop it first: two agents \
         would count every flow twice",
        path.display()
    )]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Its process id, as far as it wrote it down.
        holder: String,
    },
    /// The file cannot be opened or locked.
    #[error("cannot take the lock {}: {source}; run umbra-agent as root, with the file's folder writable", path.display())]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl Lock {
    /// The host's only agent. Take it before anything is attached.
    pub fn host() -> Result<Self, LockError> {
        Self::take(Path::new(HOST))
    }

    /// The only agent that uses `path`'s folder.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable {
            path: path.to_owned(),
            source,
        };
        // Not truncated: until the lock is had, what is in the file is the holder's.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    path: path.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // On a full disk the lock counts all the same; only the next one's message is poorer.
        let _ = write_holder(&mut file);
        Ok(Self(file))
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(20).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests;
