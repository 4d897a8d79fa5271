//! What goes, what stays, and what the page still says of it.

use super::outbox::{configure, delivered, due, route, settle};
use umbra_catalog::Catalogue;
use umbra_policy::{DataClass, File, Pattern, Sanction, Verdict};

use super::*;
use crate::findings::FindingState;

on_both!(
    hours_go_by_the_month_and_sums_stay,
    a_use_that_nobody_sees_goes_with_all_that_hangs_on_it,
    a_late_observation_of_a_month_that_went_has_its_place,
    losses_gaps_and_settled_alerts_go_by_their_own_months,
    settled_findings_go_by_their_own_months_and_what_is_seen_stays,
    decided_requests_go_by_their_own_months_unless_they_are_in_force,
);

const DAY: Duration = Duration::from_hours(24);

/// A call so many days ago.
fn call_before(now: Timestamp, days: u32, program: &str) -> umbra_report::Observation {
    let mut call = call("alice", program);
    call.minute = now - DAY * days;
    (call.first_seen, call.last_seen) = (call.minute, call.minute + Duration::from_secs(30));
    call
}

fn bounds(now: Timestamp, months: u16) -> Bounds {
    let month = Month::of(now).before(months);
    Bounds {
        observations: month,
        inventory: month,
        findings: month,
        requests: month,
        alerts: month,
        losses: month,
    }
}

async fn hours_go_by_the_month_and_sums_stay(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let report = Spool::of("web-1").report(vec![
        call_before(now, 200, "curl"),
        call_before(now, 100, "curl"),
        call_before(now, 0, "curl"),
    ]);
    assert_eq!(apply(&store, &report).await.findings, 1);
    assert_eq!(rows(&store, "observations").await, 3);
    // PostgreSQL knows how many rows a partition has by its statistics.
    change(&store, "ANALYZE").await;
    let removed = store.remove(&bounds(now, 2)).await.expect("retention");
    assert_eq!(
        removed,
        Removed {
            observations: 2,
            ..Removed::default()
        }
    );
    assert_eq!(rows(&store, "observations").await, 1);
    let page = store.uses(&Selection::default(), 10).await.expect("rows");
    assert_eq!((page.rows.len(), page.rows[0].flows), (1, 3), "the sum is whole");
    assert_eq!(
        page.rows[0].first_seen.as_millisecond(),
        (now - DAY * 200).as_millisecond(),
        "since when is right"
    );
    assert!(page.rows[0].finding.is_some());
    assert_eq!(
        store.remove(&bounds(now, 2)).await.expect("retention"),
        Removed::default()
    );
}

async fn a_use_that_nobody_sees_goes_with_all_that_hangs_on_it(place: Place) {
    let store = place.store().await;
    configure(&store, &[route("soc")]).await;
    let now = Timestamp::now();
    let received = now - DAY * 200;
    let old = Spool::of("old-1").report(vec![call_before(now, 200, "old"), call_before(now, 200, "both")]);
    store.apply(Arrival::of(old, received)).await.expect("a report");
    let report = Spool::of("web-1").report(vec![call_before(now, 0, "both"), call_before(now, 0, "new")]);
    apply(&store, &report).await;
    store.remove(&bounds(now, 2)).await.expect("retention");
    let page = store.uses(&Selection::default(), 10).await.expect("rows");
    let programs: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.host.as_str(), row.program.as_str()))
        .collect();
    assert!(
        programs.contains(&("web-1", "both")) && programs.contains(&("web-1", "new")) && programs.len() == 2
    );
    assert!(
        page.rows.iter().all(|row| row.finding.is_some()),
        "a program in use keeps its finding"
    );
    let health = store.health(now).await.expect("health");
    assert_eq!(health.findings, 2, "the finding about what nobody uses went");
    // The finding about `both` is about the first caller, which therefore stays, and its host.
    assert_eq!(
        (rows(&store, "callers").await, rows(&store, "programs").await),
        (3, 2)
    );
    assert_eq!(health.hosts, 2);
    assert_eq!(rows(&store, "deliveries").await, 2, "its alert went too");

    // What comes back is new.
    let again = Spool::of("web-2").report(vec![call_before(now, 0, "old")]);
    assert_eq!(apply(&store, &again).await.findings, 1);
}

async fn a_late_observation_of_a_month_that_went_has_its_place(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let mut spool = Spool::of("web-1");
    apply(
        &store,
        &spool.report(vec![call_before(now, 200, "curl"), call_before(now, 0, "curl")]),
    )
    .await;
    store.remove(&bounds(now, 2)).await.expect("retention");
    // Also for a collector that does not know that the month went.
    let other = Store::open_beside(&place.location).await.expect("a store");
    apply(&other, &spool.report(vec![call_before(now, 201, "curl")])).await;
    other.remove(&bounds(now, 2)).await.expect("retention");
    apply(&store, &spool.report(vec![call_before(now, 200, "curl")])).await;
    other.remove(&bounds(now, 2)).await.expect("retention");
    apply(&store, &spool.report(vec![call_before(now, 200, "curl")])).await;
    assert_eq!(flows(&store).await, 5);
    assert_eq!(rows(&store, "observations").await, 2);
}

async fn losses_gaps_and_settled_alerts_go_by_their_own_months(place: Place) {
    let store = place.store().await;
    configure(&store, &[route("soc")]).await;
    let now = Timestamp::now();
    let received = now - DAY * 200;
    let mut spool = Spool::of("web-1");
    spool.status.losses.insert("spool_full".to_owned(), 7);
    let report = spool.report(vec![call("alice", "curl"), call("alice", "claude")]);
    store
        .apply(Arrival::of(report, received))
        .await
        .expect("a report");
    store
        .apply(Arrival::of(spool.gap(3), received))
        .await
        .expect("a report");
    let sent = due(&store, "soc", now).await;
    settle(&store, "soc", &sent, &delivered(), (0, 0), received).await;
    let kept = Bounds {
        losses: Month::of(now).before(12),
        alerts: Month::of(now).before(12),
        ..bounds(now, 2)
    };
    assert_eq!(store.remove(&kept).await.expect("retention"), Removed::default());
    let removed = store.remove(&bounds(now, 2)).await.expect("retention");
    assert_eq!((removed.losses, removed.alerts, removed.inventory), (2, 1, 0));
    let health = store.health(now).await.expect("health");
    assert_eq!((health.losses.len(), health.dropped_records), (0, 0));
    assert_eq!(health.outbox().pending, 1, "what was not sent stays");
    assert_eq!(flows(&store).await, 2);
}

fn by(time: Timestamp) -> By<'static> {
    By { actor: "ada", time }
}

async fn settled_findings_go_by_their_own_months_and_what_is_seen_stays(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let received = now - DAY * 200;
    let old = ["settled", "open", "seen"].map(|program| call_before(now, 200, program));
    let report = Spool::of("old-1").report(old.into());
    store
        .apply(Arrival::of(report, received))
        .await
        .expect("a report");
    let report = Spool::of("web-1").report(vec![call_before(now, 0, "seen"), call_before(now, 0, "new")]);
    apply(&store, &report).await;
    let find = async |program: &str| {
        let all = store.findings(FindingsAsked::default(), now, 10).await;
        let mut all = all.expect("findings").into_iter();
        all.find(|finding| finding.program == program)
    };
    for (program, time) in [("settled", received), ("seen", received), ("new", now)] {
        let decision = FindingDecision {
            state: FindingState::FalseAlarm,
            until: None,
            reason: "It is known",
        };
        let finding = find(program).await.expect("a finding").id;
        assert!(
            store
                .decide_finding(finding, &decision, &by(time))
                .await
                .expect("the store")
        );
    }
    let entries = rows(&store, "audit").await;
    let kept = Bounds {
        findings: Month::of(now).before(2),
        ..bounds(now, 12)
    };
    let removed = store.remove(&kept).await.expect("retention");
    assert_eq!((removed.findings, removed.inventory), (1, 0));
    assert!(find("settled").await.is_none());
    for program in ["open", "seen", "new"] {
        assert!(find(program).await.is_some(), "{program}");
    }
    // The other way round, what is kept longer outlives the uses.
    let kept = Bounds {
        findings: Month::of(now).before(12),
        ..bounds(now, 2)
    };
    store.remove(&kept).await.expect("retention");
    assert!(find("open").await.is_some());
    assert_eq!(rows(&store, "audit").await, entries, "the log outlives them");
}

async fn decided_requests_go_by_their_own_months_unless_they_are_in_force(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let old = now - DAY * 200;
    let ask = async |id: &str| {
        let wish = Sanction {
            id: id.to_owned(),
            verdict: Verdict::Sanctioned,
            scope: umbra_policy::Scope {
                user: Pattern::try_from(id.to_owned()).ok(),
                ..umbra_policy::Scope::default()
            },
            data: Some(DataClass::Public),
            reason: "Ticket 12".to_owned(),
            approver: "ada".to_owned(),
            expires: None,
            ticket: None,
        };
        store.create_request(&wish, &by(old)).await.expect("a request")
    };
    let (refused, approved, pending, late) = (
        ask("refused").await,
        ask("approved").await,
        ask("pending").await,
        ask("late").await,
    );
    store.refuse_request(refused, "No", &by(old)).await.expect("no");
    store.refuse_request(late, "No", &by(now)).await.expect("no");
    store
        .approve_request(approved, None, "", &by(old))
        .await
        .expect("yes");
    let left = async || {
        let all = store.requests(Requests::default(), 10).await.expect("requests");
        all.into_iter().map(|request| request.id).collect::<Vec<_>>()
    };
    let entries = rows(&store, "audit").await;
    let removed = store.remove(&bounds(now, 2)).await.expect("retention");
    assert_eq!(removed.requests, 1);
    assert_eq!(left().await, [late, pending, approved], "it is in force");
    let text = "version = 1\n";
    let file = File::parse(text, &Catalogue::builtin(), now).expect("a policy");
    let new = NewPolicy {
        file: &file,
        text,
        comment: "",
        against: 1,
    };
    store.apply_policy(&new, &by(now)).await.expect("the second");
    store.remove(&bounds(now, 2)).await.expect("retention");
    assert_eq!(left().await, [late, pending]);
    assert_eq!(rows(&store, "audit").await, entries + 1, "the log outlives them");
    assert_eq!(
        store
            .policy(1)
            .await
            .expect("the store")
            .expect("kept")
            .sanctions
            .len(),
        1
    );
}
