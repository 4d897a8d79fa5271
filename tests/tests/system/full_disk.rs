//! A full disk is said, and loses nothing that memory can hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, free_port};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine::output;
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

/// A small disk of the test's own.
struct Disk(TempDir);

impl Disk {
    fn new(size: &str) -> Self {
        let disk = Self(folder());
        let size = format!("size={size}");
        output(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "none"])
                .arg(disk.path()),
        )
        .unwrap_or_else(|why| panic!("{why}"));
        disk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn rest(&self) -> PathBuf {
        self.path().join("rest")
    }

    fn make_room(&self) {
        fs::remove_file(self.rest()).expect("the file that fills the disk");
    }

    fn fill(&self) {
        let rest = self.rest();
        // Ends with the error that is wanted.
        let _ = output(
            Command::new("dd")
                .args(["if=/dev/zero", "bs=4096"])
                .arg(format!("of={}", rest.display())),
        );
        assert!(
            fs::metadata(rest).is_ok_and(|rest| rest.len() > 0),
            "the disk is full"
        );
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = output(Command::new("umount").arg("-l").arg(self.path()));
    }
}
