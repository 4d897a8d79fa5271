//! An agent that stops is late, and one that comes back is heard.

use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::collector_away::folder;
use crate::names::bed;

#[test]
fn an_agent_that_stops_is_late_and_then_back() {
    if spared("whether agents are heard") {
        return;
    }
    let Some(_bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, spool) = (folder(), folder());
    let collector = Collector::start(data.path(), None);
    let setup = Setup {
        collector: Some(collector.url()),
        spool: Some(spool.path().to_owned()),
        heartbeat: Some(1),
        ..Setup::default()
    };
    // Nothing happens on this host that the agent could report.
    let agent = Agent::start(&setup);
    is(&collector, "online", Duration::from_secs(10));
    let heard = collector.heard().remove(0);
    let condition = heard.condition.expect("the agent says how its work goes");
    assert_eq!(condition.heartbeat_seconds, 1);
    assert!(condition.programs > 10, "all of them are attached");
    assert_eq!(condition.catalogue.len(), 16);
    assert_eq!(condition.spool.map(|spool| spool.oldest_seconds), Some(0));

    assert!(agent.stop().success());
    is(&collector, "late", Duration::from_secs(40));
    let list = Collector::told(data.path(), &["agent", "list"]);
    assert!(list.lines().any(|line| line.contains("  late  ")), "{list}");

    let agent = Agent::start(&setup);
    is(&collector, "online", Duration::from_secs(10));
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

/// Waits until the only agent is in this state.
fn is(collector: &Collector, state: &str, limit: Duration) {
    eventually(limit, || {
        let states: Vec<_> = collector.heard().into_iter().map(|heard| heard.state).collect();
        (states == [state])
            .then_some(())
            .ok_or_else(|| format!("{states:?}"))
    });
}
