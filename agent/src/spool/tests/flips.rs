//! Each byte of a spool is changed, one at a time, and what the collector then has is compared with what was sent.

use std::collections::BTreeMap;
use std::thread;

use super::*;

/// Pages of the least size, so that few bytes hold all there is to damage.
const PAGE: u32 = 512;

/// How a byte is changed: the lowest bit makes another digit of a digit, the highest no text of a text.
const MASKS: [u8; 3] = [0x01, 0x80, 0xff];

/// As the collector applies a report (`collector/src/store/apply.rs`).
#[derive(Clone, Default)]
struct Collector {
    last: BTreeMap<Uuid, u64>,
    /// Which observation, and how often it came.
    stored: BTreeMap<u64, u64>,
    lost: u64,
    silent: u64,
}

impl Collector {
    fn take(&mut self, batch: &Batch) -> u64 {
        let last = self.last.entry(batch.epoch).or_default();
        for record in &batch.records {
            if record.sequence <= *last {
                continue;
            }
            let begin = row::begin(record.sequence, &record.body);
            self.silent += begin.saturating_sub(*last + 1);
            match &record.body {
                RecordBody::Observation(seen) => {
                    assert_eq!(**seen, observation(seen.flows), "it is as it was written");
                    *self.stored.entry(seen.flows).or_default() += 1;
                }
                RecordBody::Gap(gap) => {
                    self.lost += gap.records.min(record.sequence - begin.max(*last + 1) + 1);
                }
            }
            *last = record.sequence;
        }
        *last
    }

    /// As the reporter does (`report.rs`).
    fn empty(&mut self, spool: &mut Spool, at: &str) {
        loop {
            let Some(batch) = spool.batch(3, usize::MAX) else {
                panic!("it cannot be read {at}")
            };
            let taken = self.take(&batch);
            if taken > batch.last_assigned {
                assert!(spool.renumber(batch.epoch));
                continue;
            }
            let Some(last) = batch.records.last() else { break };
            assert!(
                spool.acknowledge(batch.epoch, taken.min(last.sequence)),
                "it can be written {at}"
            );
        }
    }
}

/// A folder, the collector's state, and how many observations were made.
type Scene = (TempDir, Collector, u64);

/// The agent was killed: part of what it made is with the collector, of a part of that it has heard so, and there is a
/// gap.
fn killed() -> Scene {
    let (folder, mut collector, made, mut spool) = scene();
    let batch = spool.batch(3, usize::MAX).unwrap();
    collector.take(&batch);
    let copy = quick_folder();
    copy_files(folder.path(), copy.path());
    (copy, collector, made)
}

/// The agent ended in good order.
fn closed() -> Scene {
    let (folder, collector, made, spool) = scene();
    drop(spool);
    (folder, collector, made)
}

fn scene() -> (TempDir, Collector, u64, Spool) {
    let folder = quick_folder();
    rusqlite::Connection::open(folder.path().join(FILE))
        .and_then(|new| {
            new.pragma_update(None, "page_size", PAGE)?;
            new.execute_batch("VACUUM")
        })
        .unwrap();
    let mut spool = open(&folder);
    let mut collector = Collector::default();
    spool.push((1..=3).map(observation).collect());
    let batch = all(&mut spool);
    let taken = collector.take(&batch);
    assert!(spool.acknowledge(batch.epoch, taken - 1));
    // Closed and opened, so that the log begins in the middle of things.
    drop(spool);
    let mut spool = open(&folder);
    spool.push(vec![observation(4)]);
    spool.push(vec![observation(5), observation(6)]);
    let batch = spool.batch(2, usize::MAX).unwrap();
    assert!(spool.refuse(batch.epoch, &batch.records, 400, "no"));
    spool.push(vec![observation(7)]);
    (folder, collector, 7, spool)
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Starts an agent over the scene, with `damage` done to it, and gives it more to report.
fn survive((folder, collector, made): &Scene, damage: impl FnOnce(&Path), at: &str) -> Collector {
    let copy = quick_folder();
    copy_files(folder.path(), copy.path());
    damage(copy.path());
    let mut collector = collector.clone();
    let mut spool = open(&copy);
    collector.empty(&mut spool, at);
    let made = made + 3;
    spool.push((made - 2..=made).map(observation).collect());
    collector.empty(&mut spool, at);
    drop(spool);
    let mut spool = open(&copy);
    assert_eq!(all(&mut spool).records, [], "nothing is left {at}");
    assert!(
        collector.stored.values().all(|times| *times == 1),
        "nothing counts twice {at}"
    );
    assert_eq!(
        collector.stored.len() as u64 + collector.lost,
        made,
        "what is not stored is counted {at}: {:?}",
        collector.stored
    );
    assert_eq!(collector.silent, 0, "no hole without a word {at}");
    for new in made - 2..=made {
        assert!(collector.stored.contains_key(&new), "new records arrive {at}");
    }
    collector
}

/// Changes each byte of `file` in turn, on all processors; gives how many records that lost on the whole.
fn flip(scene: &Scene, file: &str) -> u64 {
    let bytes = fs::read(scene.0.path().join(file)).unwrap();
    let unharmed = survive(scene, |_| (), "unharmed").lost;
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= MASKS[at % MASKS.len()];
        let place = format!("with byte {at} of {file} changed");
        let damage = |folder: &Path| fs::write(folder.join(file), &bytes).unwrap();
        survive(scene, damage, &place).lost - unharmed
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let lost: Vec<_> = (0..threads)
            .map(|first| {
                let (flipped, all) = (&flipped, 0..bytes.len());
                scope.spawn(move || all.skip(first).step_by(threads).map(flipped).sum::<u64>())
            })
            .collect();
        lost.into_iter().map(|part| part.join().unwrap()).sum()
    })
}

#[test]
fn whatever_byte_of_the_file_changes_each_record_is_stored_as_it_was_or_counted() {
    let lost = flip(&closed(), "spool.db") + flip(&killed(), "spool.db");
    assert!(lost > 0, "no damage does harm: this test says nothing");
}

#[test]
fn whatever_byte_of_the_log_changes_each_record_is_stored_as_it_was_or_counted() {
    let lost = flip(&killed(), "spool.db-wal");
    assert!(lost > 0, "no damage does harm: this test says nothing");
}

#[test]
fn whatever_byte_of_the_mark_changes_nothing_is_lost() {
    assert_eq!(flip(&killed(), "spool.mark"), 0);
    assert_eq!(flip(&closed(), "spool.mark"), 0);
}

#[test]
fn a_file_that_is_cut_or_gone_costs_what_is_counted() {
    for scene in [killed(), closed()] {
        for file in ["spool.db", "spool.db-wal", "spool.mark"] {
            let path = |folder: &Path| folder.join(file);
            let Ok(about) = fs::metadata(path(scene.0.path())) else {
                continue;
            };
            survive(&scene, |folder| fs::remove_file(path(folder)).unwrap(), file);
            for length in (0..about.len()).step_by(97) {
                let cut = |folder: &Path| {
                    let file = fs::OpenOptions::new().write(true).open(path(folder)).unwrap();
                    file.set_len(length).unwrap();
                };
                survive(&scene, cut, &format!("with {length} bytes of {file} left"));
            }
        }
    }
}
