//! The agent's clock is set back and forward between records.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use umbra_tests::Collector;
use umbra_tests::clock;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, ready};

use crate::feeding::{SOON, configure, delivered, feeder, folder};

const HOUR: i64 = 3_600_000;
/// Each record takes a fifth of a second.
const LAST: u64 = 20;

#[test]
fn a_clock_that_is_set_moves_records_between_hours_and_loses_none() {
    if !ready(&[Need::Program("faketime")]) {
        return;
    }
    let (data, spool) = (folder(), folder());
    let collector = Collector::start(data.path(), None);
    let config = configure(spool.path(), collector.address());
    let told = spool.path().join("clock");
    set(&told, "+0s");
    let now = Timestamp::now().as_millisecond();
    let mut agent = Process::start(&mut clock::told_by(&told, &feeder(&config, LAST)));
    // Back by three hours, and by ten more; forward beyond what the collector believes; and right again.
    for offset in ["-3h", "-13h", "+5h", "+0s"] {
        sleep(Duration::from_millis(800));
        assert!(agent.ended().is_none(), "records are still to come");
        set(&told, offset);
    }
    agent.succeed(SOON);
    delivered(&collector, LAST, "the clock was set");
    assert!(collector.stop().success());

    let store = Connection::open(data.path().join("umbra.db")).expect("the store");
    let mut select = store
        .prepare("SELECT hour, sum(flows), sum(bytes_out), sum(bytes_in) FROM observations GROUP BY hour ORDER BY hour")
        .expect("the observations");
    let hours: Vec<(i64, i64, i64, i64)> = select
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .expect("the observations")
        .collect::<Result<_, _>>()
        .expect("the observations");
    let sum = hours.iter().fold((0, 0, 0), |sum, hour| {
        (sum.0 + hour.1, sum.1 + hour.2, sum.2 + hour.3)
    });
    let fed = (1..=LAST.cast_signed()).fold((0, 0, 0), |sum, number| {
        (sum.0 + 1, sum.1 + 1000 + number, sum.2 + 3000 + 7 * number)
    });
    assert_eq!(sum, fed, "{hours:?}");
    // Now, three hours ago and thirteen; what came from ahead stands at its receipt.
    assert!((3..=6).contains(&hours.len()), "{hours:?}");
    assert!(hours.iter().all(|(hour, ..)| *hour <= now + HOUR), "{hours:?}");
    for back in [3, 13] {
        let then = now - back * HOUR;
        assert!(
            hours
                .iter()
                .any(|(hour, ..)| (then - HOUR..=then + HOUR).contains(hour)),
            "{back} hours ago: {hours:?}"
        );
    }
}

/// A new file in one go: no reader finds half of it.
fn set(told: &Path, offset: &str) {
    let next = told.with_extension("next");
    fs::write(&next, offset).expect("a file");
    fs::rename(next, told).expect("a file");
}
