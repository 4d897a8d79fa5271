use std::time::Duration;

use jiff::Timestamp;
use umbra_report::Condition;

use super::{Place, on_both};
use crate::made_up::Spool;
use crate::presence::State;
use crate::store::{Presence, Store};

on_both!(
    an_agent_is_late_after_five_of_its_pauses_and_then_missing,
    time_without_a_collector_does_not_count,
    clocks_that_differ_or_are_turned_drive_no_agent_out,
);

const MISSING: Duration = Duration::from_hours(1);

/// Collectors whose clocks the test sets.
struct Fleet {
    store: Store,
    begin: Timestamp,
}

impl Fleet {
    async fn of(place: &Place) -> Self {
        let fleet = Self {
            store: place.store().await,
            begin: Timestamp::now(),
        };
        fleet.beat(0).await;
        fleet
    }

    fn at(&self, second: i64) -> Timestamp {
        self.begin + jiff::SignedDuration::from_secs(second)
    }

    /// A sign of life.
    async fn beat(&self, second: i64) {
        self.store.live(self.at(second)).await.expect("a sign of life");
    }

    /// Signs of life, every five seconds as collectors give them.
    async fn live(&self, from: i64, to: i64) {
        for second in (from..=to).step_by(5) {
            self.beat(second).await;
        }
    }

    async fn hear(&self, spool: &mut Spool, second: i64) {
        let report = spool.report(vec![]);
        self.store
            .apply(super::Arrival::of(report, self.at(second)))
            .await
            .expect("a report");
    }

    async fn states(&self) -> Vec<State> {
        let roll = self
            .store
            .roll(&crate::access::Scope::default(), MISSING, 0, 100)
            .await
            .expect("a roll");
        let states: Vec<State> = roll.into_iter().map(|roll| roll.state).collect();
        let count = |state| states.iter().filter(|it| **it == state).count() as u64;
        let presence = Presence {
            online: count(State::Online),
            late: count(State::Late),
            missing: count(State::Missing),
            retired: count(State::Retired),
        };
        assert_eq!(self.store.presence(MISSING).await.expect("counts"), presence);
        states
    }
}

fn every(host: &str, heartbeat_seconds: u32) -> Spool {
    let mut spool = Spool::of(host);
    spool.status.condition = Some(Condition {
        heartbeat_seconds,
        spool: None,
        catalogue: None,
        programs: 0,
        last_error: None,
    });
    spool
}

async fn an_agent_is_late_after_five_of_its_pauses_and_then_missing(place: Place) {
    use State::{Late, Missing, Online};
    let fleet = Fleet::of(&place).await;
    // The second does not say its pause: a minute.
    let mut agents = [every("web-1", 10), Spool::of("web-2")];
    for agent in &mut agents {
        fleet.hear(agent, 0).await;
    }
    fleet.live(0, 50).await;
    assert_eq!(fleet.states().await, [Online, Online]);
    fleet.live(55, 300).await;
    assert_eq!(fleet.states().await, [Late, Online]);
    fleet.live(305, 305).await;
    assert_eq!(fleet.states().await, [Late, Late]);
    fleet.hear(&mut agents[0], 310).await;
    assert_eq!(fleet.states().await, [Online, Late], "it is back");
    fleet.live(310, 3600).await;
    assert_eq!(fleet.states().await, [Late, Missing]);
    fleet.hear(&mut agents[1], 3600).await;
    assert_eq!(fleet.states().await, [Late, Online]);
    let roll = fleet
        .store
        .roll(&crate::access::Scope::default(), MISSING, 0, 1)
        .await
        .expect("a roll");
    assert_eq!((roll.len(), roll[0].host.as_str()), (1, "web-1"));
    assert_eq!(
        roll[0].condition.as_ref().map(|said| said.heartbeat_seconds),
        Some(10)
    );
    let rest = fleet
        .store
        .roll(&crate::access::Scope::default(), MISSING, roll[0].row, 9)
        .await
        .expect("a roll");
    assert_eq!((rest.len(), rest[0].host.as_str()), (1, "web-2"));
}

async fn time_without_a_collector_does_not_count(place: Place) {
    const DAY: i64 = 24 * 3600;
    let fleet = Fleet::of(&place).await;
    fleet.hear(&mut Spool::of("web-1"), 0).await;
    fleet.live(0, 200).await;
    // A restart, and then a day of nothing.
    fleet.live(225, 260).await;
    fleet.live(DAY, DAY + 360).await;
    assert_eq!(
        fleet.states().await,
        [State::Online],
        "agents need a while to come back"
    );
    // Of five minutes it had 260 s behind it.
    fleet.live(DAY + 365, DAY + 400).await;
    assert_eq!(fleet.states().await, [State::Online]);
    fleet.live(DAY + 405, DAY + 405).await;
    assert_eq!(fleet.states().await, [State::Late]);
}

async fn clocks_that_differ_or_are_turned_drive_no_agent_out(place: Place) {
    let fleet = Fleet::of(&place).await;
    fleet.hear(&mut Spool::of("web-1"), 0).await;
    // One collector is 20 s behind the other, for four minutes.
    for second in (0..=240).step_by(5) {
        fleet.beat(second).await;
        fleet.beat(second - 20).await;
    }
    assert_eq!(
        fleet.states().await,
        [State::Online],
        "their times are not added up"
    );
    // Turned back by an hour, and forward by a day.
    fleet.live(-3600, -3550).await;
    fleet.live(86_400, 86_400 + 300).await;
    assert_eq!(fleet.states().await, [State::Online]);
    fleet.live(86_400 + 305, 86_400 + 400).await;
    assert_eq!(
        fleet.states().await,
        [State::Late],
        "and it is measured on, by the new time"
    );
}
