//! A full disk is said, and loses nothing that memory can hold.

use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, free_port};
use umbra_tests::clients::{Call, named};
use umbra_tests::disk::Disk;
use umbra_tests::skip::{Need, spared};

use crate::collector_away::{arrived, folder};
use crate::names::{OPENAI, bed};

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    if spared("a full disk") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (disk, data, address) = (Disk::new("2m"), folder(), free_port());
    let mut agent = Agent::start(&Setup {
        collector: Some(format!("http://{address}")),
        spool: Some(disk.path().join("spool")),
        ..Setup::default()
    });
    let curl = named("curl");
    bed.run(&curl, &Call::to(OPENAI.name, "/bytes/1000"));

    disk.fill();
    for turn in 0..5 {
        let path = format!("/bytes/{}", 2000 + turn);
        bed.run(&curl, &Call::to(OPENAI.name, &path));
    }
    agent.process.said("disk", Duration::from_secs(10));

    // The sentence's remedy: make room. What waited in memory is written then, and delivered.
    disk.make_room();
    let collector = Collector::start_at(address, data.path(), None);
    arrived(&collector, &bed.connections());
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}
