use super::*;

on_both!(
    a_failed_alert_waits_and_lets_the_others_pass,
    quiet_that_the_receiver_asks_for_holds_for_all,
    a_refused_alert_rests_until_it_is_offered_again,
    without_a_webhook_nothing_is_queued,
);

async fn due(store: &Store, at: Timestamp) -> Alert {
    store
        .claim_alert(at)
        .await
        .expect("the outbox")
        .expect("an alert")
}

fn retry(after: Duration, all: bool) -> Outcome {
    Outcome::Retry {
        error: "it rains".to_owned(),
        after,
        all,
    }
}

/// A store with two findings in the outbox, and a time at which both are due.
async fn two_alerts(place: &Place) -> (Store, Timestamp) {
    let store = place.store().await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl"), call("alice", "claude")]);
    assert_eq!(apply(&store, &report).await.findings, 2);
    (store, Timestamp::now() + Duration::from_secs(1))
}

async fn a_failed_alert_waits_and_lets_the_others_pass(place: Place) {
    let (store, now) = two_alerts(&place).await;
    let first = due(&store, now).await;
    store
        .settle_alert(first.id, &retry(Duration::from_mins(1), false), now)
        .await
        .expect("settled");
    let second = due(&store, now).await;
    assert_ne!(second.id, first.id);
    store
        .settle_alert(second.id, &retry(Duration::from_secs(90), false), now)
        .await
        .expect("settled");
    assert_eq!(store.claim_alert(now).await.expect("the outbox"), None);
    assert_eq!(
        store.next_alert(now).await.expect("the outbox"),
        Some(Duration::from_mins(1))
    );
    let again = due(&store, now + Duration::from_mins(1)).await;
    assert_eq!(
        (again.id, &again.delivery, again.attempts),
        (first.id, &first.delivery, 1)
    );

    // One gets through: the route works, so the other need not wait out its pause.
    store
        .settle_alert(first.id, &Outcome::Delivered, now)
        .await
        .expect("settled");
    assert_eq!(due(&store, now).await.id, second.id);
}

async fn quiet_that_the_receiver_asks_for_holds_for_all(place: Place) {
    let (store, now) = two_alerts(&place).await;
    let first = due(&store, now).await;
    store
        .settle_alert(first.id, &retry(Duration::from_mins(1), true), now)
        .await
        .expect("settled");
    assert_eq!(
        store
            .claim_alert(now + Duration::from_secs(59))
            .await
            .expect("the outbox"),
        None
    );
    assert_eq!(
        store.next_alert(now).await.expect("the outbox"),
        Some(Duration::from_mins(1))
    );
}

async fn a_refused_alert_rests_until_it_is_offered_again(place: Place) {
    let (store, now) = two_alerts(&place).await;
    let first = due(&store, now).await;
    let refused = Outcome::Refused {
        error: "the receiver answered 404 Not Found".to_owned(),
    };
    store
        .settle_alert(first.id, &refused, now)
        .await
        .expect("settled");
    let second = due(&store, now).await;
    store
        .settle_alert(second.id, &Outcome::Delivered, now)
        .await
        .expect("settled");
    assert_eq!(store.next_alert(now).await.expect("the outbox"), None);
    let outbox = store.health(now).await.expect("health").outbox;
    assert_eq!((outbox.pending, outbox.delivered, outbox.refused), (0, 1, 1));
    assert_eq!(
        outbox.error.as_deref(),
        Some("the receiver answered 404 Not Found")
    );

    assert_eq!(store.offer_again(now).await.expect("the outbox"), 1);
    assert_eq!(
        due(&store, now).await.delivery,
        first.delivery,
        "the receiver can tell the repeat"
    );
    let outbox = store.health(now).await.expect("health").outbox;
    assert_eq!(
        (outbox.pending, outbox.delivered, outbox.refused, outbox.error),
        (1, 1, 0, None)
    );
    assert_eq!(store.offer_again(now).await.expect("the outbox"), 0);
}

async fn without_a_webhook_nothing_is_queued(place: Place) {
    let store = place.store().await;
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    let arrival = Arrival {
        alert: false,
        ..Arrival::of(report, Timestamp::now())
    };
    store.apply(arrival).await.expect("a report");
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!((health.findings, health.outbox.pending), (1, 0));
}
