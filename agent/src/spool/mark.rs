//! A small file beside the database that says which numbers were given out last.
//!
//! The database's log ends where it is damaged, and so would the numbers. The mark is written in place after each
//! commit, to the older of its two slots, so that one slot is whole whatever happens meanwhile. It is not waited for: of
//! another start of the host it proves nothing, unless the agent had closed the spool.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;
use uuid::Uuid;

use super::head::Head;
use crate::identity;

/// Bytes of a slot: what every disk writes in one piece.
const SLOT: usize = 512;

/// Hexadecimal digits of a slot's sum, which stand before the rest.
const SUM: usize = 8;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    /// Rises by one with each entry.
    turn: u64,
    /// The host's start.
    boot: Option<Uuid>,
    /// Whether the spool was closed in good order.
    closed: bool,
    head: Head,
}

/// The newest entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    pub(super) head: Head,
    /// Both slots are what was written, so this one is the newest.
    whole: bool,
    closed: bool,
    this_boot: bool,
}

impl Noted {
    /// Whether nothing was given out after `head`.
    pub(super) fn proves(&self, head: Head) -> bool {
        let same = self.head.epoch == head.epoch;
        // The file may be one commit ahead of the mark, when the agent was killed between the two.
        let ends = if self.closed {
            self.head.next == head.next
        } else {
            self.this_boot && self.head.next <= head.next
        };
        self.whole && same && ends
    }

    /// Whether commits are missing in a file with this `head`.
    pub(super) fn is_ahead_of(&self, head: Head) -> bool {
        self.head.epoch == head.epoch && (self.head.next > head.next || self.head.first > head.first)
    }
}

/// Writes the file.
#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
    boot: Option<Uuid>,
    file: Option<File>,
    turn: u64,
    said: bool,
}

impl Mark {
    /// Reads the mark of the spool at `spool`.
    pub(super) fn of(spool: &Path) -> (Self, Option<Noted>) {
        let path = spool.with_extension("mark");
        let boot = identity::boot_id();
        let text = fs::read(&path).unwrap_or_default();
        let slots = [0, SLOT].map(|at| text.get(at..at + SLOT).and_then(parse));
        let newest = slots.iter().flatten().max_by_key(|entry| entry.turn);
        let noted = newest.map(|entry| Noted {
            head: entry.head,
            whole: slots.iter().all(Option::is_some),
            closed: entry.closed,
            this_boot: boot.is_some() && entry.boot == boot,
        });
        let mark = Self {
            turn: newest.map_or(0, |entry| entry.turn),
            path,
            boot,
            file: None,
            said: false,
        };
        (mark, noted)
    }

    /// Begins the file again, with this alone.
    pub(super) fn renew(&mut self, head: Head) {
        self.file = None;
        self.note(head);
        self.note(head);
    }

    /// Notes what was committed.
    pub(super) fn note(&mut self, head: Head) {
        let written = self.write(head, false).map(drop);
        self.settle(written);
    }

    /// Notes that nothing comes after this, and waits for the disk.
    pub(super) fn close(&mut self, head: Head) {
        let written = self.write(head, true).and_then(File::sync_data);
        self.settle(written);
    }

    fn write(&mut self, head: Head, closed: bool) -> io::Result<&File> {
        self.turn += 1;
        let entry = Entry {
            turn: self.turn,
            boot: self.boot,
            closed,
            head,
        };
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert(
                OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(&self.path)?,
            ),
        };
        let at = if self.turn.is_multiple_of(2) {
            0
        } else {
            SLOT as u64
        };
        file.write_all_at(&slot(&entry)?, at)?;
        Ok(file)
    }

    /// An old mark would be believed: better none.
    fn settle(&mut self, written: io::Result<()>) {
        let Err(error) = written else { return };
        self.file = None;
        let removed = fs::remove_file(&self.path);
        if !std::mem::replace(&mut self.said, true) {
            let without = if removed.is_ok() {
                "goes on without"
            } else {
                "keeps an old one"
            };
            warn!(
                "cannot write {}: {error}; the spool {without}: make room on its disk",
                self.path.display()
            );
        }
    }
}

fn parse(slot: &[u8]) -> Option<Entry> {
    let (sum, text) = slot.split_at_checked(SUM)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (sum == crc32fast::hash(text)).then(|| serde_json::from_slice(text).ok())?
}

/// Sum, entry and spaces.
fn slot(entry: &Entry) -> io::Result<Vec<u8>> {
    let text = format!(
        "{:width$}\n",
        serde_json::to_string(entry)?,
        width = SLOT - SUM - 1
    );
    Ok(format!("{:08x}{text}", crc32fast::hash(text.as_bytes())).into_bytes())
}
