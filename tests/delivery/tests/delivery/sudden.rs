//! How much of what the agent's memory holds a kill takes.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::process::Process;

use crate::feeding::{SOON, configure, feeder, folder, steady, stored};

/// `interval_seconds` of the agent.
const INTERVAL: Duration = Duration::from_secs(2);
/// A write to the spool, and a machine that does other things, too.
const MARGIN: Duration = Duration::from_millis(1_500);

#[test]
fn a_kill_takes_the_sums_of_the_last_interval_and_no_more() {
    let data = folder();
    let collector = Collector::start(data.path(), None);
    let mut longest = Duration::ZERO;
    let mut before = 0;
    for round in 0..5 {
        let spool = folder();
        let config = configure(spool.path(), collector.address());
        let text = fs::read_to_string(&config).expect("a file");
        let interval = format!("interval_seconds = {}\n[spool]", INTERVAL.as_secs());
        fs::write(&config, text.replace("[spool]", &interval)).expect("a file");
        let mut killed = Process::start(&mut steady(&config));
        sleep(Duration::from_millis(3_000 + round * 450));
        killed.kill();
        let fed: Vec<Duration> = killed
            .stdout
            .text()
            .lines()
            .filter_map(|line| Some(Duration::from_millis(line.split_once(' ')?.1.parse().ok()?)))
            .collect();
        Process::start(&mut feeder(&config, 0)).succeed(SOON);
        let all: u64 = stored(&collector).iter().map(|row| row.1).sum();
        let kept = usize::try_from(all - before).expect("few");
        before = all;
        assert!(kept > 0, "the first flow is kept after 0.2 s");
        assert!(kept <= fed.len(), "{kept} of {}", fed.len());
        // What is lost is what was fed last.
        let lost = fed.get(kept..).unwrap_or_default();
        let window = lost
            .first()
            .zip(lost.last())
            .map_or(Duration::ZERO, |(first, last)| last.saturating_sub(*first));
        println!(
            "round {round}: {} of {} fed are lost, those of {window:?}",
            lost.len(),
            fed.len()
        );
        assert!(window <= INTERVAL + MARGIN, "{window:?}");
        longest = longest.max(window);
    }
    assert!(
        longest > INTERVAL / 4,
        "no kill took anything: this test says nothing"
    );
    assert!(collector.stop().success());
}
