mod flips;
mod model;

use std::path::Path;
use std::{fs, io};

use tempfile::TempDir;
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Gap, Program, Protocol, User};

use super::*;
use crate::config::Within;

/// An observation that says which one it is: `number` flows, in second `number`.
fn observation(number: u64) -> Observation {
    let seen = jiff::Timestamp::from_second(1_800_000_000 + number.cast_signed()).unwrap();
    Observation {
        minute: seen,
        first_seen: seen,
        last_seen: seen,
        caller: Caller {
            user: User {
                uid: 1000,
                ..User::default()
            },
            program: Program {
                name: "curl".to_owned(),
                exe: None,
                script: None,
                ..Program::default()
            },
            container: None,
            unit: None,
        },
        origin: None,
        vendor: "OpenAI".to_owned(),
        service: "API".to_owned(),
        kind: Kind::Api,
        name: "api.openai.com".to_owned(),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: None,
        flows: number,
        bytes_out: 0,
        bytes_in: 0,
    }
}

/// In memory where there is such a place: a commit there costs nothing.
fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

fn config(folder: &Path) -> config::Spool {
    config::Spool {
        directory: Some(folder.to_owned()),
        ..config::Spool::default()
    }
}

fn open(folder: &TempDir) -> Spool {
    Spool::open(&config(folder.path()), Arc::default()).unwrap()
}

/// Number and flows of each observation.
fn told(batch: &Batch) -> Vec<(u64, u64)> {
    let flows = |record: &Record| match &record.body {
        RecordBody::Observation(seen) => seen.flows,
        RecordBody::Gap(gap) => panic!("{gap:?}"),
    };
    batch
        .records
        .iter()
        .map(|record| (record.sequence, flows(record)))
        .collect()
}

/// How many observations there are, and how many more gaps stand for.
fn stood_for(batch: &Batch) -> (u64, u64) {
    batch
        .records
        .iter()
        .fold((0, 0), |(observations, lost), record| match &record.body {
            RecordBody::Observation(_) => (observations + 1, lost),
            RecordBody::Gap(gap) => (observations, lost + gap.records),
        })
}

fn all(spool: &mut Spool) -> Batch {
    spool.batch(usize::MAX, usize::MAX).unwrap()
}

#[test]
fn what_is_pushed_comes_out_until_it_is_acknowledged_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    spool.push((1..=5).map(observation).collect());
    let batch = spool.batch(3, usize::MAX).unwrap();
    assert_eq!(told(&batch), [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(batch.last_assigned, 5);
    assert!(spool.acknowledge(batch.epoch, 2));
    drop(spool);

    let mut spool = open(&folder);
    assert_eq!(told(&all(&mut spool)), [(3, 3), (4, 4), (5, 5)]);
    assert!(spool.acknowledge(batch.epoch, 5));
    drop(spool);

    let mut spool = open(&folder);
    assert_eq!(
        spool.level(),
        Level {
            last_assigned: 5,
            ..Level::default()
        }
    );
    spool.push(vec![observation(6)]);
    assert_eq!(told(&all(&mut spool)), [(6, 6)]);
    assert_eq!(all(&mut spool).epoch, batch.epoch);
}

#[test]
fn a_batch_is_bounded_in_bytes_but_never_empty() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    spool.push((1..=5).map(observation).collect());
    assert_eq!(spool.batch(9, 1).unwrap().records.len(), 1);
    let one = serde_json::to_string(&all(&mut spool).records[0].body)
        .unwrap()
        .len();
    assert_eq!(spool.batch(9, 3 * one).unwrap().records.len(), 3);
}

#[test]
fn an_acknowledgement_of_another_epoch_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    spool.push(vec![observation(1)]);
    spool.acknowledge(Uuid::new_v4(), 1);
    assert_eq!(told(&all(&mut spool)), [(1, 1)]);
}

#[test]
fn a_spool_has_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(&folder);
    let message = Spool::open(&config(folder.path()), Arc::default())
        .err()
        .unwrap()
        .to_string();
    assert!(message.contains("another umbra-agent"), "{message}");
}

#[test]
fn a_folder_that_cannot_be_made_has_a_remedy() {
    let message = Spool::open(&config(Path::new("/proc/nowhere")), Arc::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("/proc/nowhere") && message.contains("[spool] directory"),
        "{message}"
    );
}

#[test]
fn a_damaged_file_is_set_aside_and_a_gap_stands_for_what_it_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    spool.push((1..=500).map(observation).collect());
    let epoch = all(&mut spool).epoch;
    drop(spool);
    // The head, the page with the tables' names, and records; page 2 is auto-vacuum's own map.
    for damage in [0..100, 100..4096, 8_192..60_000] {
        let mut bytes = fs::read(folder.path().join(FILE)).unwrap();
        let end = damage.end.min(bytes.len());
        bytes[damage.start..end].fill(0x55);
        fs::write(folder.path().join(FILE), bytes).unwrap();

        let losses = Arc::new(Losses::default());
        let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
        let batch = all(&mut spool);
        assert_eq!(batch.epoch, epoch, "the mark tells it");
        let lost = losses.for_report()["record_damaged"];
        assert!(lost > 0);
        assert_eq!(
            stood_for(&batch),
            (500 - lost, lost),
            "observations and what gaps stand for"
        );
        spool.acknowledge(epoch, batch.last_assigned);
        spool.push((1..=500).map(observation).collect());
        assert_eq!(told(&all(&mut spool))[0].0, batch.last_assigned + 1);
        assert_eq!(losses.for_report()["spool_corrupt"], 1);
        spool.acknowledge(epoch, batch.last_assigned);
    }
    let aside = fs::read_dir(folder.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().to_string_lossy().into_owned();
        name.starts_with("spool.db.corrupt-") && !name.ends_with("-wal")
    });
    assert_eq!(aside.count(), 2, "only the newest stay");
}

#[test]
fn without_file_and_mark_a_new_epoch_begins() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(&folder);
    spool.push((1..=5).map(observation).collect());
    let epoch = all(&mut spool).epoch;
    drop(spool);
    fs::write(folder.path().join(FILE), "this is no database").unwrap();
    fs::write(folder.path().join("spool.mark"), "nor this a mark").unwrap();
    let losses = Arc::new(Losses::default());
    let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
    assert_ne!(all(&mut spool).epoch, epoch);
    spool.push(vec![observation(6)]);
    assert_eq!(told(&all(&mut spool)), [(1, 6)]);
    assert_eq!(losses.for_report()["spool_corrupt"], 1);
}

#[test]
fn a_record_that_is_changed_while_the_spool_is_open_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let losses = Arc::new(Losses::default());
    let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
    spool.push((1..=5).map(observation).collect());
    let change = |database: &mut Database| {
        database.execute("UPDATE record SET body = replace(body, '\"flows\":3', '\"flows\":9')")
    };
    spool.with_database(change).unwrap();
    assert_eq!(stood_for(&all(&mut spool)), (4, 1));
    assert_eq!(losses.for_report()["record_damaged"], 1);
}

/// Form 1, as agents 0.1.0 left it: nothing tells whether its last number is the last one.
#[test]
fn a_spool_of_form_1_gets_sums_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let epoch = Uuid::new_v4();
    let old = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    old.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE spool (epoch TEXT NOT NULL, next INTEGER NOT NULL) STRICT;
         CREATE TABLE record (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
         INSERT INTO spool VALUES ('{epoch}', 6);
         PRAGMA application_id = 0x556d6272; PRAGMA user_version = 1;"
    ))
    .unwrap();
    for number in 3..=5_i64 {
        let seen = observation(number.cast_unsigned());
        let body = serde_json::to_string(&RecordBody::Observation(Box::new(seen))).unwrap();
        old.execute("INSERT INTO record VALUES (?1, ?2)", (number, body))
            .unwrap();
    }
    drop(old);
    let losses = Arc::new(Losses::default());
    for _ in 0..2 {
        let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
        let batch = all(&mut spool);
        assert_eq!((batch.epoch, batch.last_assigned), (epoch, 5 + row::LEAP));
        assert_eq!(stood_for(&batch), (3, 0), "the leap stands for nothing");
        assert_eq!(batch.records[0].sequence, 3);
    }
    assert!(losses.for_report().is_empty());
}

#[test]
fn a_file_of_a_later_version_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder));
    let database = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
    drop(database);
    let losses = Arc::new(Losses::default());
    let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
    assert_eq!(all(&mut spool).last_assigned, 0);
    assert_eq!(losses.for_report()["spool_corrupt"], 1);
}

#[test]
fn the_cap_drops_the_oldest_and_leaves_one_gap() {
    let folder = tempfile::tempdir().unwrap();
    let losses = Arc::new(Losses::default());
    let limits = config::Spool {
        max_bytes: Within::new(65_536),
        ..config(folder.path())
    };
    let mut spool = Spool::open(&limits, losses.clone()).unwrap();
    for number in 1..=1_000 {
        spool.push(vec![observation(number)]);
        assert!(spool.level().bytes <= 65_536);
    }
    let batch = all(&mut spool);
    let RecordBody::Gap(gap) = &batch.records[0].body else {
        panic!("no gap")
    };
    let dropped = losses.for_report()["spool_full"];
    assert_eq!(batch.records[0].sequence, dropped);
    assert_eq!(
        *gap,
        Gap {
            from: 1,
            records: dropped,
            first_seen: observation(1).first_seen,
            last_seen: observation(dropped).last_seen,
        }
    );
    let rest = Batch {
        records: batch.records[1..].to_vec(),
        ..batch.clone()
    };
    assert_eq!(
        told(&rest),
        (dropped + 1..=1_000)
            .map(|number| (number, number))
            .collect::<Vec<_>>()
    );
    assert!(rest.records.len() > 100);
}

#[test]
fn refused_records_go_to_the_dead_letters_and_leave_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let losses = Arc::new(Losses::default());
    let mut spool = Spool::open(&config(folder.path()), losses.clone()).unwrap();
    spool.push((1..=5).map(observation).collect());
    let batch = spool.batch(3, usize::MAX).unwrap();
    assert!(spool.refuse(batch.epoch, &batch.records, 400, "no"));
    let left = all(&mut spool);
    assert!(matches!(
        &left.records[0].body,
        RecordBody::Gap(Gap {
            from: 1,
            records: 3,
            ..
        })
    ));
    assert_eq!(
        left.records
            .iter()
            .map(|record| record.sequence)
            .collect::<Vec<_>>(),
        [3, 4, 5]
    );
    assert_eq!(losses.for_report()["collector_refused"], 3);
    let files: Vec<_> = fs::read_dir(folder.path().join("dead-letter")).unwrap().collect();
    let text = fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
    let letter: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&letter["status"], &letter["records"][2]["sequence"]),
        (&400.into(), &3.into())
    );

    // A gap that is refused by itself does not come back for ever.
    let gap = spool.batch(1, usize::MAX).unwrap();
    assert!(spool.refuse(gap.epoch, &gap.records, 400, "no"));
    assert_eq!(told(&all(&mut spool)), [(4, 4), (5, 5)]);
}

#[test]
fn dead_letters_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let losses = Arc::new(Losses::default());
    let limits = config::Spool {
        dead_letter_bytes: Within::new(2_000),
        ..config(folder.path())
    };
    let mut spool = Spool::open(&limits, losses.clone()).unwrap();
    for number in 1..=20 {
        spool.push(vec![observation(number)]);
        let batch = all(&mut spool);
        assert!(spool.refuse(batch.epoch, &batch.records, 400, "no"));
    }
    let size = |entry: io::Result<fs::DirEntry>| entry.unwrap().metadata().unwrap().len();
    let bytes: u64 = fs::read_dir(folder.path().join("dead-letter"))
        .unwrap()
        .map(size)
        .sum();
    assert!((1..=2_000).contains(&bytes), "{bytes}");
    assert!(losses.for_report()["dead_letter_full"] > 10);
}

#[test]
fn an_old_copy_begins_a_new_epoch_and_keeps_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let limits = config::Spool {
        max_bytes: Within::new(65_536),
        ..config(folder.path())
    };
    let mut spool = Spool::open(&limits, Arc::default()).unwrap();
    spool.push((1..=3).map(observation).collect());
    let old = all(&mut spool).epoch;
    spool.acknowledge(old, 2);
    assert!(spool.renumber(old));
    let batch = all(&mut spool);
    assert_ne!(batch.epoch, old);
    assert_eq!((told(&batch), batch.last_assigned), (vec![(1, 3)], 1));

    spool.push((1..=1_000).map(observation).collect());
    let before = all(&mut spool);
    assert!(spool.acknowledge(before.epoch, 0));
    assert!(spool.renumber(before.epoch));
    let after = all(&mut spool);
    assert_eq!(after.records, before.records, "a gap from 1 keeps its numbers");
    assert_eq!(Spool::level(&spool).records, after.records.len() as u64);
}
