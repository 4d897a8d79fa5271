//! The agent is killed at each step of a record.

use std::os::unix::process::ExitStatusExt;

use umbra_tests::Collector;
use umbra_tests::process::Process;
use umbra_tests::skip::skip;

use crate::cluster::Cluster;
use crate::feeding::{SOON, configure, delivered, feeder, folder};

/// Where a record can be when the agent is killed.
const FAIL_POINTS: [&str; 7] = [
    "rollup_taken",
    "spool_appended",
    "spool_committed",
    "batch_read",
    "report_answered",
    "spool_deleting",
    "spool_deleted",
];

#[test]
fn killed_at_each_step_the_agent_delivers_each_record_once() {
    let data = folder();
    killed_at_each_step(Collector::start(data.path(), None));
}

#[test]
fn killed_at_each_step_the_agent_delivers_each_record_once_to_postgres() {
    let Some(cluster) = Cluster::start("") else {
        return skip("PostgreSQL is not installed");
    };
    let data = folder();
    killed_at_each_step(Collector::start_on(&cluster.database(), data.path()));
}

fn killed_at_each_step(collector: Collector) {
    let spool = folder();
    let config = configure(spool.path(), collector.address());
    let mut last = 0;
    for point in FAIL_POINTS {
        last += 3;
        let mut command = feeder(&config, last);
        command.env("UMBRA_FAIL_POINT", format!("{point}:2"));
        let mut killed = Process::start(&mut command);
        assert_eq!(killed.wait(SOON).signal(), Some(9), "it comes to {point}");
        Process::start(&mut feeder(&config, last)).succeed(SOON);
        delivered(&collector, last, point);
    }
    assert!(collector.stop().success());
}
