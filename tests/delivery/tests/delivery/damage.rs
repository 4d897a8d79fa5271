//! The spool's file is damaged while the agent is not running.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;
use umbra_tests::Collector;
use umbra_tests::agent::free_port;
use umbra_tests::process::Process;
use umbra_tests::skip::skip;
use umbra_tests::wait::eventually;

use crate::cluster::Cluster;
use crate::feeding::{SOON, configure, fed, feeder, folder, kill_when_fed, stored};

/// How the file is damaged.
type Damage = fn(&Path);

/// Records that the collector has before, and records that are in the spool then.
const BEFORE: u64 = 5;
const LAST: u64 = 45;

/// What stands before a sum in a record.
const BYTES_OUT: &[u8] = b"\"bytes_out\":";

#[test]
fn a_damaged_spool_doubles_nothing_and_says_what_it_loses() {
    each_damage(|data| Collector::start(data, None));
}

#[test]
fn a_damaged_spool_doubles_nothing_and_says_what_it_loses_on_postgres() {
    let Some(cluster) = Cluster::start("") else {
        return skip("PostgreSQL is not installed");
    };
    each_damage(|data| Collector::start_on(&cluster.database(), data));
}

fn each_damage(collector: impl Fn(&Path) -> Collector) {
    let damages: [(&str, Damage); 6] = [
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
        // The highest bit: no ASCII text stays one.
        ("bits that flipped", |file| {
            let mut bytes = fs::read(file).expect("the spool");
            for byte in bytes.iter_mut().skip(4096).step_by(97) {
                *byte ^= 0x80;
            }
            fs::write(file, bytes).expect("the spool");
        }),
        // The lowest bit of digits: SQLite has no sums of its pages, and what comes of it is a record.
        ("digits that became other digits", |file| {
            let mut bytes = fs::read(file).expect("the spool");
            let sums: Vec<usize> = bytes
                .windows(BYTES_OUT.len())
                .enumerate()
                .filter_map(|(at, text)| (text == BYTES_OUT).then_some(at + text.len()))
                .collect();
            for at in sums.into_iter().step_by(7) {
                bytes[at] ^= 1;
            }
            fs::write(file, bytes).expect("the spool");
        }),
    ];
    for (what, damage) in damages {
        let folded = |file: &Path| {
            fold(file);
            damage(file);
        };
        damaged(what, folded, &collector);
    }
    damaged("a log with a bit that flipped", flip_in_log, &collector);
}

/// SQLite takes a log to end where it is damaged, and so would the numbers begin again there.
fn flip_in_log(file: &Path) {
    let log = file.with_extension("db-wal");
    let mut bytes = fs::read(&log).expect("the log");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(log, bytes).expect("the log");
}

fn damaged(what: &str, damage: impl FnOnce(&Path), collector: impl Fn(&Path) -> Collector) {
    let (data, spool) = (folder(), folder());
    let collector = collector(data.path());
    let config = configure(spool.path(), collector.address());
    Process::start(&mut feeder(&config, BEFORE)).succeed(SOON);
    // The rest is in the spool, and nobody takes it, when the agent is killed.
    let nowhere = configure(spool.path(), free_port());
    kill_when_fed(Process::start(feeder(&nowhere, LAST).arg("100")));
    let file = spool.path().join("spool/spool.db");
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
    // The sums over the fleet are up to a second old.
    eventually(SOON, || {
        let metrics = collector.metrics();
        let dropped = metrics.get("umbra_collector_records_dropped");
        let silent = metrics.get("umbra_collector_records_missing");
        let absent = (fed(LAST).len() - stored.len()).to_string();
        match (dropped.to_string(), silent.to_string()) {
            (counted, silent) if counted == absent && silent == "0" => Ok(()),
            other => Err(format!(
                "{what}: {absent} are not stored, and counted are {other:?}"
            )),
        }
    });
    let metrics = collector.metrics();
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
