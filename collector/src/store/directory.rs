//! The data directory: made private, held by one collector at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::StoreError;

/// How often a lock that is held is tried, with this rest between.
const TRIES: u32 = 10;
const REST: Duration = Duration::from_millis(50);

/// Makes `dir` where it is missing (mode 0700: it says who uses what) and takes the lock in it.
///
/// The lock lasts as long as the file that is returned, and ends with the process however that ends. `database` is
/// made there as a file that only this user reads, whoever made the directory; SQLite gives its log the same mode.
pub(super) fn take(dir: &Path, database: &str) -> Result<File, StoreError> {
    let refused = |source| StoreError::Directory {
        dir: dir.to_owned(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(refused)?;
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))
        .map_err(refused)?;
    match patiently(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The pid is a courtesy: without it the sentence is still right.
            let _ = file.take(20).read_to_string(&mut holder);
            let holder = Some(holder.trim().to_owned()).filter(|pid| !pid.is_empty());
            return Err(StoreError::Locked {
                dir: dir.to_owned(),
                holder,
            });
        }
        Err(TryLockError::Error(source)) => return Err(refused(source)),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(refused)?;
    writeln!(file, "{}", std::process::id()).map_err(refused)?;
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(dir.join(database))
        .map_err(refused)?;
    Ok(file)
}

/// Locks the file. A collector that is just ending, or a program that one has just started and that is about to close what
/// it was born with, is waited for.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(REST),
            result => return result,
        }
    }
    file.try_lock()
}
