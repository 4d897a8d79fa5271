//! What happens while the collector is away arrives afterwards, to the byte.

use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, free_port};
use umbra_tests::clients::{Call, named};
use umbra_tests::collector::Row;
use umbra_tests::skip::{Need, spared};
use umbra_tests::truth::{Bytes, Connection};
use umbra_tests::wait::eventually;

use crate::names::{OPENAI, bed};

#[test]
fn calls_made_while_the_collector_is_away_arrive_in_full() {
    if spared("a collector that is away") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, spool) = (folder(), folder());
    let address = free_port();
    let setup = Setup {
        collector: Some(format!("http://{address}")),
        spool: Some(spool.path().to_owned()),
        ..Setup::default()
    };
    let curl = named("curl");
    let call = |count: usize| {
        for turn in 0..count {
            let path = format!("/bytes/{}", 1000 + turn);
            bed.run(&curl, &Call::to(OPENAI.name, &path));
        }
    };

    // Away from the beginning.
    let agent = Agent::start(&setup);
    call(3);
    let collector = Collector::start_at(address, data.path(), None);
    arrived(&collector, &bed.connections());

    // Away for a while, and the agent restarts meanwhile.
    assert!(collector.stop().success());
    call(4);
    assert!(agent.stop().success());
    let agent = Agent::start(&setup);
    call(2);
    let collector = Collector::start_at(address, data.path(), None);
    arrived(&collector, &bed.connections());

    // Nothing comes twice.
    call(1);
    arrived(&collector, &bed.connections());
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Waits until the collector has what the server counted.
pub(crate) fn arrived(collector: &Collector, connections: &[Connection]) {
    let counted: Bytes = connections.iter().collect();
    let truth = (connections.len() as u64, counted);
    // The agent waits longer between attempts while nobody answers.
    eventually(Duration::from_secs(40), || {
        let seen = Row::sum(&collector.rows(OPENAI.name));
        (seen == truth)
            .then_some(())
            .ok_or_else(|| format!("{seen:?} of {truth:?}"))
    });
}
