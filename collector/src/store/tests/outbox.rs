use uuid::Uuid;

use super::*;
use crate::alerts::{Filter, Pace, Route};
use crate::findings::{FindingState, Severity};

on_both!(
    a_failed_message_waits_and_lets_the_others_pass,
    quiet_that_the_receiver_asks_for_holds_for_the_whole_route,
    what_was_refused_rests_until_the_next_start,
    without_a_route_nothing_is_queued,
    a_route_that_fails_holds_up_no_other,
    a_route_takes_what_its_filter_lets_through_when_it_is_raised,
    a_digest_is_one_message_and_keeps_its_id,
    what_waits_for_too_long_is_dropped_counted_and_told,
    an_end_is_told_to_those_who_heard_of_the_beginning,
    a_route_that_is_gone_keeps_what_waits_for_a_week,
    changes_of_routes_are_in_the_audit_log,
    alerts_of_the_version_before_are_taken_over,
    a_route_is_kept_while_its_message_is_slow,
    what_goes_on_is_told_again_and_what_ended_is_not,
);

const ME: Uuid = Uuid::from_u128(1);

pub(crate) fn by(time: Timestamp) -> By<'static> {
    By { actor: "ada", time }
}

/// A route that takes everything.
pub(crate) fn route(name: &str) -> Route {
    Route {
        name: name.to_owned(),
        ..Route::webhook("http://127.0.0.1:9/hook".parse().expect("a URL"))
    }
}

/// Has the store send along these.
pub(crate) async fn configure(store: &Store, routes: &[Route]) -> u64 {
    let configured = store.configure_routes(routes, &by(Timestamp::now())).await;
    configured.expect("the routes")
}

pub(crate) async fn due(store: &Store, route: &str, at: Timestamp) -> Outgoing {
    match store.claim(route, ME, at).await.expect("the outbox") {
        Claim::Message(outgoing) => *outgoing,
        Claim::Nothing(until) => panic!("nothing until {until:?}"),
    }
}

async fn pause(store: &Store, route: &str, at: Timestamp) -> Option<Duration> {
    match store.claim(route, ME, at).await.expect("the outbox") {
        Claim::Nothing(until) => until,
        Claim::Message(outgoing) => panic!("{outgoing:?}"),
    }
}

pub(crate) fn delivered() -> Outcome {
    Outcome::Delivered {
        answer: "204 No Content".to_owned(),
    }
}

fn retry() -> Outcome {
    Outcome::Retry {
        error: "it rains".to_owned(),
        asked: None,
    }
}

pub(crate) async fn settle(
    store: &Store,
    route: &str,
    sent: &Outgoing,
    outcome: &Outcome,
    pauses: (u64, u64),
    now: Timestamp,
) {
    let pauses = Pauses {
        route: Duration::from_secs(pauses.0),
        message: Duration::from_secs(pauses.1),
    };
    let settled = store.settle(route, ME, sent, outcome, pauses, now).await;
    settled.expect("settled");
}

async fn state(store: &Store, name: &str) -> RouteState {
    let routes = store.routes().await.expect("the routes");
    let found = routes.into_iter().find(|route| route.name == name);
    found.expect(name)
}

/// A store with two findings in the outbox of these routes, and a time at which both are due.
async fn two_alerts(place: &Place, routes: &[Route]) -> (Store, Timestamp) {
    let store = place.store().await;
    configure(&store, routes).await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl"), call("alice", "claude")]);
    assert_eq!(apply(&store, &report).await.findings, 2);
    (store, Timestamp::now() + Duration::from_secs(1))
}

async fn a_failed_message_waits_and_lets_the_others_pass(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    let first = due(&store, "soc", now).await;
    settle(&store, "soc", &first, &retry(), (1, 60), now).await;
    assert_eq!(
        pause(&store, "soc", now).await,
        Some(Duration::from_secs(1)),
        "the receiver is given a rest"
    );
    let now = now + Duration::from_secs(1);
    let second = due(&store, "soc", now).await;
    assert_ne!(second.id, first.id);
    assert_eq!((second.attempts, second.failures), (0, 1));
    settle(&store, "soc", &second, &retry(), (2, 90), now).await;
    assert_eq!(
        pause(&store, "soc", now).await,
        Some(Duration::from_secs(59)),
        "no sooner than the first is due"
    );
    let shown = state(&store, "soc").await;
    assert_eq!(shown.error.as_deref(), Some("it rains"));
    assert!(shown.failing_since.is_some() && shown.last_sent.is_none());

    let again = due(&store, "soc", now + Duration::from_secs(59)).await;
    assert_eq!((&again.id, again.attempts, again.failures), (&first.id, 1, 2));
    // One gets through: the route works, so the other need not wait out its pause.
    let now = now + Duration::from_secs(10);
    settle(&store, "soc", &again, &delivered(), (0, 0), now).await;
    assert_eq!(due(&store, "soc", now).await.id, second.id);
    let shown = state(&store, "soc").await;
    assert_eq!((shown.pending, shown.delivered), (1, 1));
    assert!(shown.error.is_none() && shown.failing_since.is_none());
    assert_eq!(shown.last_sent.map(millis), Some(millis(now)));
}

async fn quiet_that_the_receiver_asks_for_holds_for_the_whole_route(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    let first = due(&store, "soc", now).await;
    settle(&store, "soc", &first, &retry(), (60, 60), now).await;
    let soon = now + Duration::from_secs(59);
    assert_eq!(pause(&store, "soc", soon).await, Some(Duration::from_secs(1)));
    due(&store, "soc", now + Duration::from_mins(1)).await;
}

async fn what_was_refused_rests_until_the_next_start(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    let first = due(&store, "soc", now).await;
    let error = "the receiver answered 404 Not Found".to_owned();
    settle(&store, "soc", &first, &Outcome::Refused { error }, (0, 0), now).await;
    let second = due(&store, "soc", now).await;
    settle(&store, "soc", &second, &delivered(), (0, 0), now).await;
    assert_eq!(pause(&store, "soc", now).await, None);
    let shown = state(&store, "soc").await;
    assert_eq!((shown.pending, shown.delivered, shown.refused), (0, 1, 1));

    assert_eq!(configure(&store, &[route("soc")]).await, 1);
    let again = due(&store, "soc", now).await;
    assert_eq!(again.id, first.id, "the receiver can tell the repeat");
    settle(&store, "soc", &again, &delivered(), (0, 0), now).await;
    assert_eq!(configure(&store, &[route("soc")]).await, 0);
}

async fn without_a_route_nothing_is_queued(place: Place) {
    let store = place.store().await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    apply(&store, &report).await;
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!((health.findings, health.outbox().pending), (1, 0));
    // A new route does not get what is old.
    configure(&store, &[route("soc")]).await;
    assert_eq!(state(&store, "soc").await.pending, 0);
}

async fn a_route_that_fails_holds_up_no_other(place: Place) {
    let (store, now) = two_alerts(&place, &[route("bad"), route("good")]).await;
    let failed = due(&store, "bad", now).await;
    settle(&store, "bad", &failed, &retry(), (300, 300), now).await;
    for _ in 0..2 {
        let sent = due(&store, "good", now).await;
        settle(&store, "good", &sent, &delivered(), (0, 0), now).await;
    }
    assert_eq!(state(&store, "good").await.delivered, 2);
    let bad = state(&store, "bad").await;
    assert_eq!((bad.pending, bad.error.as_deref()), (2, Some("it rains")));
    let outbox = store.health(now).await.expect("health").outbox();
    assert_eq!(outbox.error.as_deref(), Some("bad: it rains"));
}

async fn a_route_takes_what_its_filter_lets_through_when_it_is_raised(place: Place) {
    let filtered = |name: &str, filter: Filter| Route {
        filter,
        ..route(name)
    };
    let severe = Filter {
        severity: Some(Severity::High),
        ..Filter::default()
    };
    let kinds = Filter {
        kinds: vec!["new_caller".to_owned()],
        ..Filter::default()
    };
    let labels = Filter {
        labels: vec!["env=prod".to_owned()],
        ..Filter::default()
    };
    let routes = [
        filtered("severe", severe),
        filtered("kinds", kinds),
        filtered("labels", labels),
    ];
    let (store, _) = two_alerts(&place, &routes).await;
    for (name, pending) in [("severe", 0), ("kinds", 2), ("labels", 0)] {
        assert_eq!(state(&store, name).await.pending, pending, "{name}");
    }
    // A filter that is opened wide sends no history.
    configure(&store, &[route("severe")]).await;
    assert_eq!(state(&store, "severe").await.pending, 0);
}

async fn a_digest_is_one_message_and_keeps_its_id(place: Place) {
    let digest = Route {
        pace: Pace {
            digest: Duration::from_mins(10),
            per_minute: None,
        },
        ..route("mail")
    };
    let (store, now) = two_alerts(&place, &[digest]).await;
    let until = pause(&store, "mail", now).await.expect("a time");
    assert!((590..=600).contains(&until.as_secs()), "{until:?}");
    let later = now + Duration::from_mins(5);
    let report = Spool::of("web-2").report(vec![call("bob", "aider")]);
    store.apply(Arrival::of(report, later)).await.expect("a report");
    let now = now + Duration::from_mins(10);
    let sent = due(&store, "mail", now).await;
    assert_eq!(sent.alerts.len(), 3, "the last one has not to wait for its own");
    settle(&store, "mail", &sent, &retry(), (1, 1), now).await;
    // What comes meanwhile is for the next one.
    let report = Spool::of("web-3").report(vec![call("bob", "goose")]);
    store.apply(Arrival::of(report, now)).await.expect("a report");
    let again = due(&store, "mail", now + Duration::from_secs(1)).await;
    assert_eq!((again.id, again.alerts), (sent.id, sent.alerts));
}

async fn what_waits_for_too_long_is_dropped_counted_and_told(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    assert_eq!(store.trim_route("soc", 2).await.expect("trimmed"), 0);
    let report = Spool::of("web-2").report(vec![call("bob", "aider")]);
    apply(&store, &report).await;
    assert_eq!(store.trim_route("soc", 1).await.expect("trimmed"), 2);
    let shown = state(&store, "soc").await;
    assert_eq!((shown.pending, shown.omitted), (1, 2));
    let sent = due(&store, "soc", now).await;
    assert_eq!((sent.omitted, sent.alerts[0].program.as_str()), (2, "aider"));
    assert!(sent.omitted_since.is_some());
    settle(&store, "soc", &sent, &retry(), (0, 0), now).await;
    assert_eq!(state(&store, "soc").await.omitted, 2, "nobody has been told yet");
    settle(&store, "soc", &sent, &delivered(), (0, 0), now).await;
    assert_eq!(state(&store, "soc").await.omitted, 0);
}

async fn an_end_is_told_to_those_who_heard_of_the_beginning(place: Place) {
    let both = Route {
        send_resolved: true,
        ..route("both")
    };
    let (store, now) = two_alerts(&place, &[both.clone(), route("begin")]).await;
    let late = Route {
        name: "late".to_owned(),
        ..both.clone()
    };
    configure(&store, &[both, route("begin"), late]).await;
    let decide = async |state: FindingState, time: Timestamp| {
        let decision = FindingDecision {
            state,
            until: None,
            reason: "He has stopped",
        };
        let done = store.decide_finding(1, &decision, &by(time)).await;
        assert!(done.expect("the store"));
    };
    decide(FindingState::Acknowledged, now).await;
    assert_eq!(state(&store, "both").await.pending, 2, "it goes on");
    decide(FindingState::Resolved, now).await;
    decide(FindingState::FalseAlarm, now).await;
    for (name, pending) in [("both", 3), ("begin", 2), ("late", 0)] {
        assert_eq!(state(&store, name).await.pending, pending, "{name}");
    }
    let mut told = Vec::new();
    for _ in 0..3 {
        let sent = due(&store, "both", now).await;
        told.push((sent.alerts[0].finding, sent.alerts[0].event()));
        settle(&store, "both", &sent, &delivered(), (0, 0), now).await;
    }
    let begun = told.iter().position(|it| *it == (1, Event::Raised));
    let ended = told.iter().position(|it| *it == (1, Event::Ended));
    assert!(begun < ended && begun.is_some(), "{told:?}");
    decide(FindingState::Open, now).await;
    let sent = due(&store, "both", now).await;
    assert_eq!(sent.alerts[0].event(), Event::Raised, "it is open again");
    assert_eq!(state(&store, "begin").await.pending, 2);
}

async fn a_route_that_is_gone_keeps_what_waits_for_a_week(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    configure(&store, &[]).await;
    let report = Spool::of("web-2").report(vec![call("bob", "aider")]);
    apply(&store, &report).await;
    assert_eq!(pause(&store, "soc", now).await, None, "nobody sends along it");
    let shown = state(&store, "soc").await;
    assert_eq!((shown.pending, shown.removed.is_some()), (2, true));
    let day = Duration::from_hours(24);
    assert_eq!(store.forget_routes(now + day * 6).await.expect("kept"), 0);
    // Whoever left it out by mistake has lost nothing.
    configure(&store, &[route("soc")]).await;
    due(&store, "soc", now).await;
    assert_eq!(store.forget_routes(now + day * 8).await.expect("kept"), 0);
    configure(&store, &[]).await;
    assert_eq!(store.forget_routes(now + day * 8).await.expect("gone"), 2);
    assert!(store.routes().await.expect("the routes").is_empty());
}

async fn changes_of_routes_are_in_the_audit_log(place: Place) {
    let store = place.store().await;
    configure(&store, &[route("soc")]).await;
    configure(&store, &[route("soc")]).await;
    let slower = Route {
        pace: Pace {
            per_minute: Some(6),
            digest: Duration::ZERO,
        },
        ..route("soc")
    };
    configure(&store, &[slower]).await;
    configure(&store, &[]).await;
    let entries = store.audit(u64::MAX, 10).await.expect("the log");
    let actions: Vec<_> = entries
        .iter()
        .map(|entry| (entry.action.as_str(), entry.subject.as_str()))
        .collect();
    assert_eq!(
        actions,
        [
            ("route_removed", "soc"),
            ("route_configured", "soc"),
            ("route_configured", "soc")
        ]
    );
    assert!(entries[1].detail.contains(r#""per_minute":6"#));
    assert!(
        entries.iter().all(|entry| !entry.detail.contains("/hook")),
        "the path of a URL is a secret"
    );
}

async fn alerts_of_the_version_before_are_taken_over(place: Place) {
    let store = place.store().await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl"), call("alice", "claude")]);
    apply(&store, &report).await;
    change(
        &store,
        "INSERT INTO outbox (delivery, finding, state, attempts, due, created)
         SELECT 'id-' || id, id, 'pending', 3, created, created FROM findings",
    )
    .await;
    change(
        &store,
        "UPDATE outbox SET lease = due + 3600000 WHERE finding = 2",
    )
    .await;
    configure(&store, &[route("webhook")]).await;
    let now = Timestamp::now();
    store.adopt_alerts(now).await.expect("taken over");
    assert_eq!(state(&store, "webhook").await.pending, 1);
    assert_eq!(
        rows(&store, "outbox").await,
        1,
        "one is being sent by another collector"
    );
    let sent = due(&store, "webhook", now).await;
    assert_eq!((sent.id.as_str(), sent.attempts), ("id-1", 3));
}

async fn a_route_is_kept_while_its_message_is_slow(place: Place) {
    let (store, now) = two_alerts(&place, &[route("soc")]).await;
    let sent = due(&store, "soc", now).await;
    let other = Uuid::from_u128(2);
    let claim = async |seconds: u64| {
        let claim = store
            .claim("soc", other, now + Duration::from_secs(seconds))
            .await;
        claim.expect("the outbox")
    };
    let soon = now + Duration::from_secs(50);
    store.keep_route("soc", ME, soon).await.expect("kept");
    assert!(matches!(claim(70).await, Claim::Nothing(Some(_))));
    // Whoever does not hold it keeps and lets go of nothing.
    store.keep_route("soc", other, now).await.expect("not its own");
    store.release_route("soc", other).await.expect("not its own");
    assert!(matches!(claim(70).await, Claim::Nothing(Some(_))));
    store.release_route("soc", ME).await.expect("let go");
    let Claim::Message(again) = claim(70).await else {
        panic!("it is free");
    };
    assert_eq!(again.id, sent.id);
    // The first one comes back: what it sent is sent, and the other one still holds the route.
    settle(&store, "soc", &sent, &delivered(), (0, 0), soon).await;
    assert_eq!(state(&store, "soc").await.delivered, 1);
    assert!(matches!(claim(71).await, Claim::Nothing(Some(_))));
}

async fn what_goes_on_is_told_again_and_what_ended_is_not(place: Place) {
    let (store, now) = two_alerts(&place, &[route("am")]).await;
    let minute = Duration::from_mins(1);
    let refresh = async |at| store.refresh_route("am", minute, at).await.expect("the route");
    assert!(refresh(now).await, "it was never told");
    assert!(!refresh(now + Duration::from_secs(59)).await);
    assert!(refresh(now + minute).await);
    let standing = async |after, at| {
        let alerts = store.standing("am", after, 10, at).await.expect("what goes on");
        alerts.into_iter().map(|alert| alert.finding).collect::<Vec<_>>()
    };
    assert!(
        standing(0, now).await.is_empty(),
        "nobody has been told the first time"
    );
    let mut told = Vec::new();
    for _ in 0..2 {
        let sent = due(&store, "am", now).await;
        told.push(sent.alerts[0].id);
        settle(&store, "am", &sent, &delivered(), (0, 0), now).await;
    }
    told.sort_unstable();
    assert_eq!(standing(0, now).await.len(), 2);
    assert_eq!(standing(told[0], now).await.len(), 1, "by pages");
    let decision = FindingDecision {
        state: FindingState::Snoozed,
        until: Some(now + minute),
        reason: "Until he is back",
    };
    store
        .decide_finding(1, &decision, &by(now))
        .await
        .expect("the store");
    assert_eq!(standing(0, now).await, [2]);
    assert_eq!(standing(0, now + minute).await.len(), 2, "the snooze is over");
}
