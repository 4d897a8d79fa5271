//! The spool's file is damaged while the agent is not running.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;
use umbra_tests::Collector;
use umbra_tests::agent::free_port;
use umbra_tests::metrics::Metrics;
use umbra_tests::process::Process;

use crate::feeding::{SOON, configure, fed, feeder, folder, kill_when_fed, stored};

/// How the file is damaged.
type Damage = fn(&Path);

/// Records that the collector has before, and records that are in the spool then.
const BEFORE: u64 = 5;
const LAST: u64 = 45;

#[test]
fn a_damaged_spool_doubles_nothing_and_says_what_it_loses() {
    let damages: [(&str, Damage); 5] = [
        ("a head of garbage", |file| write(file, 0, &[0xa5; 100])),
        ("garbage all over", |file| {
            let length = usize::try_from(length(file)).expect("a small file");
            write(file, 0, &vec![0xa5; length]);
        }),
        ("half of it", |file| {
            let half = length(file) / 2;
            OpenOptions::new()
                .write(true)
                .open(file)
                .and_then(|it| it.set_len(half))
                .expect("cut");
        }),
        ("nothing of it but its length", |file| {
            let length = usize::try_from(length(file)).expect("a small file");
            write(file, 4096, &vec![0; length - 4096]);
        }),
        // The highest bit: no ASCII text stays one. SQLite has no sums of its pages, so that a digit which became
        // another digit would be believed.
        ("bits that flipped", |file| {
            let mut bytes = fs::read(file).expect("the spool");
            for byte in bytes.iter_mut().skip(4096).step_by(97) {
                *byte ^= 0x80;
            }
            fs::write(file, bytes).expect("the spool");
        }),
    ];
    for (what, damage) in damages {
        damaged(what, damage);
    }
}

fn damaged(what: &str, damage: Damage) {
    let (data, spool) = (folder(), folder());
    let collector = Collector::start(data.path(), None);
    let config = configure(spool.path(), collector.address());
    Process::start(&mut feeder(&config, BEFORE)).succeed(SOON);
    // The rest is in the spool, and nobody takes it, when the agent is killed.
    let nowhere = configure(spool.path(), free_port());
    kill_when_fed(Process::start(feeder(&nowhere, LAST).arg("100")));
    let file = spool.path().join("spool/spool.db");
    fold(&file);
    damage(&file);

    let config = configure(spool.path(), collector.address());
    // It feeds nothing new: what can be read is delivered.
    let mut agent = Process::start(&mut feeder(&config, 0));
    agent.succeed(SOON);
    let stored = stored(&collector);
    for row in &stored {
        assert!(fed(LAST).contains(row), "{row:?} after {what}");
    }
    for row in fed(BEFORE) {
        assert!(stored.contains(&row), "{row:?} after {what}");
    }
    assert!(
        stored.len() < fed(LAST).len(),
        "{what} does no harm: this test says nothing"
    );
    agent.said("is damaged", SOON);
    let metrics = Metrics::read(collector.address());
    assert!(
        metrics.get("umbra_collector_agent_losses{cause=\"spool_corrupt\"}") > 0.0,
        "{what}"
    );
    assert!(collector.stop().success());
}

/// Brings the log into the file, as an agent that ends in good order does.
fn fold(file: &Path) {
    let spool = Connection::open(file).expect("the spool");
    spool
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("a checkpoint");
    let records: i64 = spool
        .query_row("SELECT count(*) FROM record", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(records.cast_unsigned(), LAST - BEFORE, "they are in the spool");
}

fn length(file: &Path) -> u64 {
    fs::metadata(file).expect("the spool").len()
}

fn write(file: &Path, at: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(file).expect("the spool");
    file.write_all_at(bytes, at).expect("the spool");
}
