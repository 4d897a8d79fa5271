//! Disks run full, at the agent and at the collector.

use umbra_tests::Collector;
use umbra_tests::disk::Disk;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, ready};
use umbra_tests::wait::eventually;

use crate::feeding::{SOON, configure_with, delivered, fed, feeder, folder, kill_when_fed, stored};

#[test]
fn a_full_disk_at_the_agent_holds_records_up_and_loses_none() {
    if !ready(&[Need::Root]) {
        return;
    }
    let (data, disk) = (folder(), Disk::new("1m"));
    let collector = Collector::start(data.path(), None);
    let config = configure_with(disk.path(), collector.address(), "");
    let mut held = Process::start(&mut feeder(&config, 25));
    eventually(SOON, || match stored(&collector).len() {
        0..5 => Err("they do not come".to_owned()),
        _ => Ok(()),
    });
    disk.fill();
    held.said("make room", SOON);
    disk.make_room();
    // The agent looks again when it can write, so that it does not take the minute that it rests else.
    held.succeed(SOON);
    delivered(&collector, 25, "there was no room");
    assert!(collector.stop().success());
}

/// The collector's disk is full, so nothing is acknowledged; the spool fills up to its cap and drops the oldest.
#[test]
fn a_full_disk_at_the_collector_costs_what_the_gap_says() {
    const LAST: u64 = 400;
    if !ready(&[Need::Root]) {
        return;
    }
    let (disk, spool) = (Disk::new("4m"), folder());
    let collector = Collector::start(disk.path(), None);
    let config = configure_with(spool.path(), collector.address(), "max_bytes = 65536\n");
    Process::start(&mut feeder(&config, 5)).succeed(SOON);
    disk.fill();
    let mut held = Process::start(feeder(&config, LAST).arg("100"));
    held.said("503 Service Unavailable", SOON);
    kill_when_fed(held);
    disk.make_room();
    Process::start(&mut feeder(&config, LAST)).succeed(SOON);

    let stored = stored(&collector);
    let dropped = collector.metrics().get("umbra_collector_records_dropped");
    assert!(dropped > 0.0, "the spool holds fewer than {LAST} records");
    let absent = LAST - stored.len() as u64;
    assert_eq!(
        dropped.to_string(),
        absent.to_string(),
        "what is not stored is in the gap"
    );
    for row in stored {
        assert!(
            fed(LAST).contains(&row),
            "{row:?} was fed once, and is stored once"
        );
    }
    let silent = collector.metrics().get("umbra_collector_records_missing");
    assert_eq!(silent.to_string(), "0", "nothing is lost without a word");
    assert!(collector.stop().success());
}
