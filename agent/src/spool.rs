//! Keeps what the collector has not taken yet, on disk.
//!
//! # Form of the folder
//!
//! | file | holds |
//! | --- | --- |
//! | `spool.db`, `spool.db-wal` | the records: an `SQLite` database in WAL mode, `application_id` 0x556d6272, `user_version` 2 |
//! | `spool.mark` | which numbers were given out, as of the last commit |
//! | `spool.mended` | a new `spool.db` that is not whole yet |
//! | `spool.db.corrupt-MILLISECONDS` | a damaged spool that was set aside then (with its `-wal`); the newest two stay |
//! | `dead-letter/SEQUENCE-EPOCH.json` | a batch that the collector refused: status, answer, epoch, records |
//! | `agent-id.json` | the agent's id ([`crate::identity`]) |
//! | `enrolment.json` | the agent's key and certificate ([`crate::enrolment`]) |
//! | `lock` | locked while an agent uses the folder; holds its process id |
//!
//! Table `spool` has one row: `epoch`, a random UUID; `first`, the lowest number that the oldest record stands for;
//! `next`, the number that the next record will have; and `sum`. Table `record` has one row for each record:
//! `sequence`; `body`, an [`umbra_report::RecordBody`] as JSON; and `sum`. Sums are CRC-32 (IEEE 802.3) over the epoch's
//! 16 bytes, then `first` and `next`, or `sequence` and `body`; numbers as 8 bytes, least first. `spool.mark` has two
//! slots of 512 bytes: a sum of what follows as 8 hexadecimal digits, the rest of the slot; and JSON, which says
//! `epoch`, `first` and `next` as of the last commit, in which start of the host, and whether the spool was closed.
//!
//! Numbers begin at 1 and rise by one within an epoch. The exception is a gap, which takes the number of the last
//! record that it stands for and begins at its `from`: from `first` to `next` records follow one another without a
//! hole. An epoch ends when the collector knows numbers that the file has not given out yet: then the file is an old
//! copy (a restored snapshot), and going on would have new records taken for repeats.
//!
//! # What is not believed
//!
//! A record whose sum is wrong, a hole in the numbers, a file that `SQLite` finds damaged, and a file that ends before
//! the mark: the file is set aside, what can be read with a right sum goes into a new one, and gaps stand for the rest
//! ([`mend`]). So each record is delivered as it was written or counted as lost.
//!
//! A number is given out once. The log of `SQLite` may end early where it is damaged, and then the mark tells how far
//! numbers had gone. Where the mark is damaged, missing, or of another start of the host (it is not waited for, so a
//! power cut may take it back), the numbers leap by 2^30, and a gap of no records stands for those that were passed
//! over. They leap within the epoch, because under another one the records that are there already would be no repeats
//! of those that the collector has.
//!
//! Form 1 has neither sums, `first` nor mark. Its records get sums when it is opened, and its numbers leap.
//!
//! The cap counts bodies plus 16 bytes a record. A commit is on the disk (`synchronous=FULL`) before its records are
//! sent, so that a power cut cannot give one number to two records.
//!
//! While the disk is full or away, records wait in memory without numbers, up to a bound; beyond it the oldest are
//! dropped and counted.

mod collapse;
mod database;
mod dead_letters;
mod fault;
mod folder;
mod form;
mod head;
mod mark;
mod mend;
mod opening;
mod renumber;
mod row;
mod set_aside;
mod sum;
mod worker;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{error, info, warn};
use umbra_report::{Observation, Record, RecordBody};
use uuid::Uuid;

use crate::config;
use crate::lock::Lock;
use crate::losses::{Loss, Losses};
use database::Database;
use dead_letters::{DeadLetter, DeadLetters};
use fault::Fault;
use mend::Mended;

pub use folder::{SpoolError, make_folder};
pub use worker::{Level, SpoolHandle};

/// Name of the database in the folder.
const FILE: &str = "spool.db";

/// Records to send, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The epoch of their numbers.
    pub epoch: Uuid,
    /// May be empty.
    pub records: Vec<Record>,
    /// Highest number given out in this epoch; 0 when none was.
    pub last_assigned: u64,
}

/// The spool. It blocks: [`SpoolHandle`] runs it in a thread of its own.
pub struct Spool {
    file: PathBuf,
    _lock: Lock,
    limits: config::Spool,
    losses: Arc<Losses>,
    dead_letters: DeadLetters,
    /// `None` while it cannot be opened.
    database: Option<Database>,
    /// Bodies that could not be written yet.
    waiting: VecDeque<String>,
    waiting_bytes: usize,
    /// Whether the trouble was said.
    said: bool,
}

impl Spool {
    /// Opens or makes the spool in the configured folder.
    ///
    /// Fails when the folder cannot be made or another agent uses it. A damaged file is set aside; one that cannot be
    /// opened now is tried again later.
    pub fn open(config: &config::Spool, losses: Arc<Losses>) -> Result<Self, SpoolError> {
        let folder = config.directory();
        make_folder(&folder)?;
        let mut spool = Self {
            file: folder.join(FILE),
            _lock: Lock::take(&folder.join("lock"))?,
            limits: config.clone(),
            losses,
            dead_letters: DeadLetters::new(&folder, config.dead_letter_bytes.get()),
            database: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            said: false,
        };
        spool.with_database(|_| Ok(()));
        Ok(spool)
    }

    /// Takes observations in; they are on disk when this returns, or wait in memory.
    pub fn push(&mut self, observations: Vec<Observation>) {
        for observation in observations {
            match serde_json::to_string(&RecordBody::Observation(Box::new(observation))) {
                Ok(body) => {
                    self.waiting_bytes += body.len();
                    self.waiting.push_back(body);
                }
                Err(error) => {
                    error!("an observation cannot be written as JSON: {error}");
                    self.losses.add(Loss::SpoolUnwritable, 1);
                }
            }
        }
        self.flush();
    }

    /// Writes what waits in memory, if it can.
    pub fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let cap = self.limits.max_bytes.get();
        let mut bodies = std::mem::take(&mut self.waiting);
        let contiguous = bodies.make_contiguous();
        let written = self.with_database(|database| database.append(contiguous, cap));
        if let Some(dropped) = written {
            self.waiting_bytes = 0;
            self.losses.add(Loss::SpoolFull, dropped);
            return;
        }
        self.waiting = bodies;
        while self.waiting_bytes > self.limits.memory_bytes.as_usize()
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.waiting_bytes -= oldest.len();
            self.losses.add(Loss::SpoolUnwritable, 1);
        }
    }

    /// The oldest records: at most `records`, and at most `bytes` of JSON unless the first alone is larger.
    ///
    /// `None` when the file cannot be read now.
    pub fn batch(&mut self, records: usize, bytes: usize) -> Option<Batch> {
        self.with_database(|database| {
            let head = database.held().head;
            Ok(Batch {
                epoch: head.epoch,
                records: database.oldest(records, bytes)?,
                last_assigned: head.next - 1,
            })
        })
    }

    /// Deletes the records of `epoch` up to number `sequence`; gives whether they are gone.
    pub fn acknowledge(&mut self, epoch: Uuid, sequence: u64) -> bool {
        self.with_epoch(epoch, |database| database.delete(sequence))
    }

    /// Moves refused records to the dead letters and puts a gap in their place; gives whether they are gone.
    pub fn refuse(&mut self, epoch: Uuid, records: &[Record], status: u16, answer: &str) -> bool {
        let Some(last) = records.last() else { return true };
        match self.dead_letters.keep(&DeadLetter {
            status,
            answer,
            epoch,
            records,
        }) {
            Ok(removed) => self.losses.add(Loss::DeadLetterFull, removed),
            Err(error) => {
                warn!("a refused batch is not kept: {error}");
                self.losses.add(Loss::DeadLetterFull, 1);
            }
        }
        let mut refused = 0;
        let gone = self.with_epoch(epoch, |database| {
            refused = database.drop_through(last.sequence)?;
            Ok(())
        });
        self.losses.add(Loss::CollectorRefused, refused);
        gone
    }

    /// Begins a new epoch with the same records, because the collector knows numbers of `epoch` that this spool has
    /// not given out.
    pub fn renumber(&mut self, epoch: Uuid) -> bool {
        warn!("the collector knows later records than this spool: it is an old copy, and begins a new epoch");
        self.with_epoch(epoch, Database::renumber)
    }

    /// How full the spool is.
    pub fn level(&self) -> Level {
        let held = self.database.as_ref().map(Database::held);
        Level {
            records: held.map_or(0, |held| held.records),
            bytes: held.map_or(0, |held| held.bytes),
            waiting: self.waiting.len(),
            last_assigned: held.map_or(0, |held| held.head.next - 1),
        }
    }

    fn with_epoch(&mut self, epoch: Uuid, mut act: impl FnMut(&mut Database) -> Result<(), Fault>) -> bool {
        self.with_database(|database| {
            if database.held().head.epoch == epoch {
                act(database)
            } else {
                Ok(())
            }
        })
        .is_some()
    }

    /// Does `act` on the open database; on a damaged one, mends it and does it on what came of that.
    fn with_database<T>(&mut self, mut act: impl FnMut(&mut Database) -> Result<T, Fault>) -> Option<T> {
        let mut done = self.attempt(&mut act);
        if let Err(Fault::Damaged(reason)) = &done {
            self.database = None;
            done = match mend::mend(&self.file) {
                Ok(mended) => {
                    self.say_mended(&mended, reason);
                    self.attempt(&mut act)
                }
                Err(fault) => Err(fault),
            };
        }
        match done {
            Ok(done) => {
                if self.said {
                    info!("the spool {} can be written again", self.file.display());
                    self.said = false;
                }
                Some(done)
            }
            Err(fault) => {
                if !self.said {
                    warn!(
                        "cannot use the spool {}: {fault}; up to {} bytes of observations wait in memory: make room \
                         on the disk, or set `[spool] directory` to another one",
                        self.file.display(),
                        self.limits.memory_bytes.get()
                    );
                    self.said = true;
                }
                None
            }
        }
    }

    fn say_mended(&self, mended: &Mended, reason: &str) {
        self.losses.add(Loss::SpoolCorrupt, 1);
        self.losses.add(Loss::RecordDamaged, mended.lost.unwrap_or(0));
        let lost = mended
            .lost
            .map_or("an unknown number".to_owned(), |lost| lost.to_string());
        error!(
            "the spool {} is damaged ({reason}): set aside as {}; {} records are saved and {lost} lost: look at disk \
             and memory",
            self.file.display(),
            mended.aside.display(),
            mended.saved
        );
    }

    fn attempt<T>(&mut self, act: &mut impl FnMut(&mut Database) -> Result<T, Fault>) -> Result<T, Fault> {
        let database = match &mut self.database {
            Some(database) => database,
            closed => closed.insert(Database::open(&self.file)?),
        };
        act(database)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(database) = self.database.take() {
            database.close();
        }
    }
}

#[cfg(test)]
mod tests;
