//! Where people and machines see which agents are heard: API, metrics, page.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::Value;
use umbra_collector::store::{Decision, Store};
use umbra_report::Condition;

use crate::enrolment::host::{self, Agent, DAY};
use crate::made_up::Spool;
use crate::running::{Collector, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn the_silent_are_marked_and_the_retired_are_not_missed() {
    let collector = host::start_on(|settings| settings.missing = Duration::from_secs(200)).await;
    let mut clock = Clock::of(&collector).await;
    let token = host::token(&collector, DAY, 1).await;
    let mut left = Agent::enrolled(&collector, "left", &token).await;
    assert_eq!(left.report(&collector).await.status(), StatusCode::OK);
    collector.take(&pausing("gone").report(vec![])).await;
    clock.goes_on(225).await;
    let mut slow = pausing("slow");
    collector.take(&slow.report(vec![])).await;
    clock.goes_on(75).await;
    collector.take(&pausing("fine").report(vec![])).await;
    seen(
        &collector,
        [
            ("fine", "online"),
            ("gone", "missing"),
            ("left", "missing"),
            ("slow", "late"),
        ],
    )
    .await;
    marked(&collector, Some(1), Some(2)).await;

    // One is said to be gone, and one comes back.
    let decided = clock
        .store
        .decide(left.spool.agent.id, Decision::Retire, &host::by())
        .await;
    assert!(decided.expect("the store"));
    collector.take(&slow.report(vec![])).await;
    seen(
        &collector,
        [
            ("fine", "online"),
            ("gone", "missing"),
            ("left", "retired"),
            ("slow", "online"),
        ],
    )
    .await;
    marked(&collector, None, Some(1)).await;
    counts(&collector, "umbra_collector_hosts", 3).await;

    // Nothing makes a retired one late: it was told to stay away.
    assert_eq!(left.report(&collector).await.status(), StatusCode::FORBIDDEN);
    clock.goes_on(225).await;
    seen(
        &collector,
        [
            ("fine", "missing"),
            ("gone", "missing"),
            ("left", "retired"),
            ("slow", "missing"),
        ],
    )
    .await;
    marked(&collector, None, Some(3)).await;
}

/// The API and the metrics say these states.
async fn seen(collector: &Collector, states: [(&str, &str); 4]) {
    let answer: Value = collector.get("v1/agents").await.json().await.expect("JSON");
    let agents = answer["agents"].as_array().expect("agents");
    let told: BTreeMap<_, _> = agents
        .iter()
        .map(|agent| {
            let word = |field: &str| agent[field].as_str().expect("a word");
            (word("host"), word("state"))
        })
        .collect();
    assert_eq!(told, BTreeMap::from(states));
    let count = |wanted: &[&str]| states.iter().filter(|(_, state)| wanted.contains(state)).count() as u64;
    // The fleet is added up once a second at most.
    for state in ["online", "late", "missing", "retired"] {
        let metric = format!("umbra_collector_agents{{state=\"{state}\"}}");
        counts(collector, &metric, count(&[state])).await;
    }
    counts(
        collector,
        "umbra_collector_hosts_silent",
        count(&["late", "missing"]),
    )
    .await;
}

/// The metric comes to this count.
async fn counts(collector: &Collector, metric: &str, count: u64) {
    eventually(metric, async || {
        (collector.metric(metric).await == Some(count)).then_some(())
    })
    .await;
}

/// The page marks so many as late and as missing; none is no mark.
async fn marked(collector: &Collector, late: Option<u64>, missing: Option<u64>) {
    let mark = |agents: u64, word: &str| format!("{agents} <small>{word}</small>");
    eventually("the page's marks", async || {
        let page = collector.get("inventory").await.text().await.expect("text");
        let right = [(late, "late"), (missing, "missing")]
            .iter()
            .all(|(agents, word)| {
                agents.map_or(!page.contains(&format!("<small>{word}</small>")), |agents| {
                    page.contains(&mark(agents, word))
                })
            });
        right.then_some(())
    })
    .await;
}

/// An agent that reports every ten seconds.
fn pausing(host: &str) -> Spool {
    let mut spool = Spool::of(host);
    spool.status.condition = Some(Condition {
        heartbeat_seconds: 10,
        spool: None,
        catalogue: None,
        programs: 0,
        last_error: None,
    });
    spool
}

/// The signs of life of another collector, whose clock runs ahead.
pub(crate) struct Clock {
    store: Store,
    at: Timestamp,
}

impl Clock {
    pub(crate) async fn of(collector: &Collector) -> Self {
        Self {
            store: collector.store().await,
            at: Timestamp::now(),
        }
    }

    pub(crate) async fn goes_on(&mut self, seconds: u32) {
        for _ in 0..seconds / 25 {
            self.at += SignedDuration::from_secs(25);
            self.store.live(self.at).await.expect("a sign of life");
        }
    }
}
