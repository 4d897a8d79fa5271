//! What the keeper finds as time goes on. What a user sees of it is tried over HTTP in `tests/collector`.

mod expiry;

use jiff::SignedDuration;
use umbra_report::Observation;

use super::*;
use crate::findings::{FindingKind, FindingState};
use crate::made_up::{Spool, call};
use crate::questions::Asked;
use crate::store::tests::outbox::{configure, route};
use crate::store::tests::{Place, live_for, on_both, retire};
use crate::store::{Arrival, By, Finding, FindingDecision, FindingsAsked};

on_both!(
    an_agent_that_falls_silent_is_told_until_it_is_heard,
    time_without_a_collector_makes_none_silent,
    what_is_missing_or_was_settled_by_a_person_is_left_alone,
    an_agent_that_loses_much_is_told_until_it_does_not,
    one_collector_of_two_looks,
    a_later_day_is_another_spike,
);

const HOUR: i64 = 3600;
const DAYS: i64 = 24 * HOUR;

struct Fleet {
    store: Arc<Store>,
    keeper: Keeper,
    begin: Timestamp,
}

impl Fleet {
    async fn of(place: &Place) -> Self {
        let store = Arc::new(place.store().await);
        configure(&store, &[route("soc")]).await;
        let watch = Watch {
            volumes: Duration::ZERO,
            expiry: Duration::ZERO,
            ..Watch::default()
        };
        let bell = Some(Arc::new(Notify::new()));
        let fleet = Self {
            keeper: Keeper::new(Arc::clone(&store), watch, bell, Arc::default()),
            store,
            // The begin of a day, so that each test's hours are in one.
            begin: Timestamp::from_second(20_000 * DAYS).expect("a time"),
        };
        fleet.live(0, 10).await;
        fleet
    }

    fn at(&self, second: i64) -> Timestamp {
        self.begin + SignedDuration::from_secs(second)
    }

    /// Signs of life of a collector.
    async fn live(&self, from: i64, to: i64) {
        for second in (from..=to).step_by(25) {
            self.store.live(self.at(second)).await.expect("a sign of life");
        }
    }

    /// As many of them as there are in these hours.
    async fn hours(&self, hours: i64) {
        live_for(&self.store, hours * HOUR * 1000).await;
    }

    async fn take(&self, spool: &mut Spool, calls: Vec<Observation>, second: i64) {
        let arrival = Arrival::of(spool.report(calls), self.at(second));
        self.store.apply(arrival).await.expect("a report");
    }

    async fn round(&mut self, second: i64) {
        let now = self.at(second);
        self.keeper.round(now).await.expect("a round");
    }

    async fn findings(&self, kind: FindingKind) -> Vec<Finding> {
        let asked = FindingsAsked {
            kind: Some(kind),
            ..FindingsAsked::default()
        };
        self.store
            .findings(asked, self.begin, 100)
            .await
            .expect("findings")
    }

    async fn states(&self, kind: FindingKind) -> Vec<FindingState> {
        self.findings(kind)
            .await
            .into_iter()
            .map(|finding| finding.state)
            .collect()
    }

    async fn decide(&self, finding: i64, state: FindingState, second: i64) {
        let decision = FindingDecision {
            state,
            until: None,
            reason: "It is known",
        };
        let by = By {
            actor: "ada",
            time: self.at(second),
        };
        assert!(
            self.store
                .decide_finding(finding, &decision, &by)
                .await
                .expect("the store")
        );
    }

    async fn waiting(&self) -> u64 {
        self.store
            .health(self.begin)
            .await
            .expect("health")
            .outbox()
            .pending
    }
}

const SILENT: FindingKind = FindingKind::SilentAgent;

async fn an_agent_that_falls_silent_is_told_until_it_is_heard(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    let (mut gone, mut fine) = (Spool::of("web-1"), Spool::of("web-2"));
    fleet.take(&mut gone, vec![], 0).await;
    fleet.hours(71).await;
    fleet.take(&mut fine, vec![], 71 * HOUR).await;
    fleet.round(71 * HOUR).await;
    assert_eq!(fleet.states(SILENT).await, []);
    fleet.hours(2).await;
    fleet.round(73 * HOUR).await;
    fleet.round(73 * HOUR + 60).await;
    let raised = fleet.findings(SILENT).await;
    assert_eq!(raised.len(), 1, "once");
    assert_eq!(
        (raised[0].host.as_str(), raised[0].state),
        ("web-1", FindingState::Open)
    );
    assert_eq!(
        raised[0].explanation(),
        "the agent on web-1 has not been heard since 2024-10-04T00:00:00Z, for 73 hours in which a collector listened"
    );
    assert_eq!(fleet.waiting().await, 1);

    fleet.take(&mut gone, vec![], 74 * HOUR).await;
    fleet.round(74 * HOUR).await;
    let closed = fleet.findings(SILENT).await.remove(0);
    assert_eq!(closed.state, FindingState::Resolved);
    let decided = closed.decided.expect("it was closed");
    assert_eq!(
        (decided.actor.as_str(), decided.reason.as_str()),
        (
            "umbra-collector",
            "heard again: its last report came at 2024-10-07T02:00:00Z"
        )
    );
    let log = fleet.store.audit(u64::MAX, 10).await.expect("the log");
    let own = log.iter().filter(|entry| entry.actor == "umbra-collector");
    assert_eq!(own.count(), 1, "the collector says that it did it: {log:?}");

    // Silent once more, and the same finding.
    fleet.hours(74).await;
    fleet.take(&mut fine, vec![], 147 * HOUR).await;
    fleet.round(147 * HOUR).await;
    let again = fleet.findings(SILENT).await;
    assert_eq!(
        (again.len(), again[0].id, again[0].state),
        (1, closed.id, FindingState::Open)
    );
}

async fn time_without_a_collector_makes_none_silent(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    fleet.take(&mut Spool::of("web-1"), vec![], 0).await;
    fleet.live(0, HOUR).await;
    // Two weeks of nothing.
    fleet.live(14 * DAYS, 14 * DAYS + 2 * HOUR).await;
    fleet.round(14 * DAYS + 2 * HOUR).await;
    assert_eq!(fleet.states(SILENT).await, []);
}

async fn what_is_missing_or_was_settled_by_a_person_is_left_alone(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    let mut spool = Spool::of("web-1");
    fleet.take(&mut spool, vec![], 0).await;
    fleet.hours(73).await;
    fleet.round(73 * HOUR).await;
    let id = fleet.findings(SILENT).await[0].id;
    fleet.decide(id, FindingState::Resolved, 73 * HOUR).await;
    fleet.round(74 * HOUR).await;
    assert_eq!(
        fleet.states(SILENT).await,
        [FindingState::Resolved],
        "it is the same silence"
    );
    // Shut out: nobody waits for it.
    fleet.decide(id, FindingState::Open, 74 * HOUR).await;
    retire(&fleet.store, spool.agent.id).await;
    fleet.round(75 * HOUR).await;
    assert_eq!(fleet.states(SILENT).await, [FindingState::Resolved]);

    // One that has been away for longer than agents are waited for.
    fleet.take(&mut Spool::of("old"), vec![], 75 * HOUR).await;
    fleet.keeper.watch.missing = Duration::from_hours(80);
    fleet.hours(87).await;
    fleet.round(160 * HOUR).await;
    let hosts: Vec<String> = fleet
        .findings(SILENT)
        .await
        .into_iter()
        .map(|it| it.host)
        .collect();
    assert_eq!(hosts, ["web-1"]);
}

const LOSSY: FindingKind = FindingKind::LossyAgent;

async fn an_agent_that_loses_much_is_told_until_it_does_not(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    let mut spool = Spool::of("web-1");
    let calls = |second: i64, flows: u64| {
        let time = fleet.begin + SignedDuration::from_secs(second);
        vec![Observation {
            minute: time,
            first_seen: time,
            last_seen: time,
            flows,
            ..call("eve", "claude")
        }]
    };
    let (first, second, third) = (
        calls(HOUR, 9_000),
        calls(30 * HOUR, 20_000),
        calls(54 * HOUR, 20_000),
    );
    // What was lost before anybody counted is not held against it; names that are encrypted are not lost by it.
    spool.status.losses.insert("ring_buffer_full".to_owned(), 5_000);
    fleet.take(&mut spool, vec![], 0).await;
    fleet.round(60).await;
    spool.status.losses.insert("name_encrypted".to_owned(), 90_000);
    spool.status.losses.insert("ring_buffer_full".to_owned(), 5_090);
    fleet.take(&mut spool, first, HOUR).await;
    fleet.round(2 * HOUR).await;
    assert_eq!(fleet.states(LOSSY).await, [], "90 of 9,090 are few");
    spool.status.losses.insert("ring_buffer_full".to_owned(), 6_000);
    fleet.take(&mut spool, vec![], 2 * HOUR).await;
    fleet.round(3 * HOUR).await;
    fleet.round(4 * HOUR).await;
    let raised = fleet.findings(LOSSY).await;
    assert_eq!(raised.len(), 1);
    assert_eq!(
        raised[0].explanation(),
        "the agent on web-1 lost 1000 of 10000 (10 %) from 2024-10-04T00:01:00Z to 2024-10-04T03:00:00Z; lost in all: \
         ring buffer full 6000"
    );
    assert_eq!(fleet.waiting().await, 2, "this and the new caller");

    // The day ends as it was; the next one is better.
    fleet.round(25 * HOUR).await;
    assert_eq!(fleet.states(LOSSY).await, [FindingState::Open]);
    spool.status.losses.insert("ring_buffer_full".to_owned(), 6_199);
    fleet.take(&mut spool, second, 30 * HOUR).await;
    fleet.round(50 * HOUR).await;
    assert_eq!(
        fleet.states(LOSSY).await,
        [FindingState::Resolved],
        "199 of 20,199 are less than one in a hundred"
    );
    spool.status.losses.insert("ring_buffer_full".to_owned(), 7_199);
    fleet.take(&mut spool, third, 54 * HOUR).await;
    fleet.round(55 * HOUR).await;
    let again = fleet.findings(LOSSY).await;
    assert_eq!((again.len(), again[0].state), (1, FindingState::Open));
}

async fn one_collector_of_two_looks(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    let mut other = Keeper::new(Arc::clone(&fleet.store), Watch::default(), None, Arc::default());
    fleet.take(&mut Spool::of("web-1"), vec![], 0).await;
    fleet.hours(73).await;
    let now = fleet.at(73 * HOUR);
    let (one, two) = tokio::join!(fleet.keeper.round(now), other.round(now));
    one.and(two).expect("two rounds");
    fleet.round(73 * HOUR + 1).await;
    other.round(fleet.at(73 * HOUR + 2)).await.expect("a round");
    assert_eq!(fleet.states(SILENT).await, [FindingState::Open]);
}

async fn a_later_day_is_another_spike(place: Place) {
    const SPIKE: FindingKind = FindingKind::VolumeSpike;
    let mut fleet = Fleet::of(&place).await;
    let mut spool = Spool::of("web-1");
    let begin = fleet.begin;
    let sent = |day: i64, bytes_out: u64| {
        let time = begin + SignedDuration::from_secs(day * DAYS + HOUR);
        vec![Observation {
            minute: time,
            first_seen: time,
            last_seen: time,
            bytes_out,
            ..call("eve", "claude")
        }]
    };
    for day in -20..0 {
        fleet.take(&mut spool, sent(day, 2_000_000), 0).await;
    }
    fleet.take(&mut spool, sent(0, 50_000_000), HOUR).await;
    fleet.round(2 * HOUR).await;
    let first = fleet.findings(SPIKE).await.remove(0);
    assert_eq!(
        first.facts.spike.as_ref().map(|spike| spike.bytes_out),
        Some(50_000_000)
    );
    assert_eq!(fleet.waiting().await, 2, "this and the new caller");

    // Resolved on its day, it is not told again for what comes of that day.
    fleet.decide(first.id, FindingState::Resolved, 3 * HOUR).await;
    fleet.take(&mut spool, sent(0, 50_000_000), 4 * HOUR).await;
    fleet.round(5 * HOUR).await;
    assert_eq!(fleet.states(SPIKE).await, [FindingState::Resolved]);
    fleet.take(&mut spool, sent(1, 60_000_000), DAYS + HOUR).await;
    fleet.round(DAYS + 2 * HOUR).await;
    assert_eq!(fleet.states(SPIKE).await, [FindingState::Open]);

    // A false alarm is one up to twice as much.
    fleet
        .decide(first.id, FindingState::FalseAlarm, DAYS + 3 * HOUR)
        .await;
    fleet
        .take(&mut spool, sent(2, 100_000_000), 2 * DAYS + HOUR)
        .await;
    fleet.round(2 * DAYS + 2 * HOUR).await;
    assert_eq!(fleet.states(SPIKE).await, [FindingState::FalseAlarm]);
    fleet
        .take(&mut spool, sent(3, 130_000_000), 3 * DAYS + HOUR)
        .await;
    fleet.round(3 * DAYS + 2 * HOUR).await;
    // The finding has the last one alone; the past has them all, also what was a false alarm.
    let asked = Asked::new("openai", None, Some(fleet.at(3 * DAYS)), fleet.at(4 * DAYS)).expect("a question");
    let past = fleet.store.past_spikes(&asked, 10).await.expect("spikes");
    let sent: Vec<u64> = past.iter().map(|past| past.spike.bytes_out).collect();
    assert_eq!(sent, [100_000_000, 60_000_000, 100_000_000]);
    let last = fleet.findings(SPIKE).await;
    assert_eq!(
        (last.len(), last[0].id, last[0].state),
        (1, first.id, FindingState::Open)
    );
}
