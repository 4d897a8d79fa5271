use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;
use umbra_report::Record;
use uuid::Uuid;

/// The folder of batches that the collector refused, one JSON file each.
pub(crate) struct DeadLetters {
    folder: PathBuf,
    max_bytes: u64,
}

/// What a file holds.
#[derive(Serialize)]
pub(crate) struct DeadLetter<'a> {
    /// Status of the answer.
    pub(crate) status: u16,
    /// Begin of the answer's text.
    pub(crate) answer: &'a str,
    pub(crate) epoch: Uuid,
    pub(crate) records: &'a [Record],
}

impl DeadLetters {
    pub(crate) fn new(spool: &Path, max_bytes: u64) -> Self {
        Self {
            folder: spool.join("dead-letter"),
            max_bytes,
        }
    }

    /// Keeps `letter`; gives how many older files had to go for it.
    ///
    /// Fails when it is larger than the folder may be, or cannot be written.
    pub(crate) fn keep(&self, letter: &DeadLetter<'_>) -> io::Result<u64> {
        let text = serde_json::to_vec(letter)?;
        let size = text.len() as u64;
        if size > self.max_bytes {
            return Err(io::Error::other(format!(
                "{size} bytes are more than `[spool] dead_letter_bytes`"
            )));
        }
        fs::create_dir_all(&self.folder)?;
        let removed = self.make_room(self.max_bytes - size)?;
        // Names sort by number; a repeat of the same batch replaces its file.
        let first = letter.records.first().map_or(0, |record| record.sequence);
        fs::write(
            self.folder.join(format!("{first:020}-{}.json", letter.epoch)),
            text,
        )?;
        Ok(removed)
    }

    /// Removes the oldest files until at most `bytes` are left.
    fn make_room(&self, bytes: u64) -> io::Result<u64> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let about = entry.metadata()?;
            files.push((about.modified()?, entry.path(), about.len()));
        }
        files.sort();
        let mut left: u64 = files.iter().map(|(_, _, size)| size).sum();
        let mut removed = 0;
        for (_, path, size) in files {
            if left <= bytes {
                break;
            }
            fs::remove_file(path)?;
            left -= size;
            removed += 1;
        }
        Ok(removed)
    }
}
