//! When sessions, links and counted log-ins are over.

use crate::access::{Role, Scope, secret};
use crate::store::{By, NewAccount};

use super::*;

on_both!(
    a_session_ends_when_it_is_not_used_and_after_half_a_day,
    an_account_has_some_sessions_and_the_oldest_goes,
    log_ins_are_counted_for_a_quarter_of_an_hour,
    what_is_counted_is_bounded,
    a_link_is_good_for_a_day_and_some_are_at_once,
);

fn at(now: Timestamp, minutes: i64) -> Timestamp {
    now + jiff::SignedDuration::from_mins(minutes)
}

async fn account(store: &Store, now: Timestamp) {
    let new = NewAccount {
        name: "eve",
        password: "-",
        role: Role::Viewer,
        scope: &Scope::default(),
    };
    let by = By {
        actor: "tests",
        time: now,
    };
    let made = store.create_account(&new, &by).await.expect("the store");
    made.expect("an account");
}

async fn session(store: &Store, now: Timestamp) -> String {
    let secret = store.log_in("eve", "127.0.0.1", now).await;
    secret::hash(&secret.expect("the store").expect("a session"))
}

async fn is_there(store: &Store, session: &str, now: Timestamp) -> bool {
    store.session(session, now).await.expect("the store").is_some()
}

async fn a_session_ends_when_it_is_not_used_and_after_half_a_day(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    account(&store, now).await;
    let hash = session(&store, now).await;
    assert!(is_there(&store, &hash, at(now, 59)).await);
    let unused = session(&store, now).await;
    assert!(!is_there(&store, &unused, at(now, 61)).await);
    // That it was used is noted beside the request.
    for minute in (118..12 * 60).step_by(59) {
        for _ in 0..200 {
            let noted: i64 = on!(store.readers(), |db| {
                sqlx::query_scalar("SELECT max(used) FROM sessions")
                    .fetch_one(db)
                    .await
            })
            .expect("a time");
            if noted == millis(at(now, minute - 59)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(
            is_there(&store, &hash, at(now, minute)).await,
            "after {minute} minutes"
        );
    }
    assert!(!is_there(&store, &hash, at(now, 12 * 60)).await);
}

async fn an_account_has_some_sessions_and_the_oldest_goes(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    account(&store, now).await;
    let first = session(&store, now).await;
    for minute in 1..20 {
        session(&store, at(now, minute)).await;
    }
    assert!(is_there(&store, &first, at(now, 20)).await);
    session(&store, at(now, 20)).await;
    assert!(!is_there(&store, &first, at(now, 20)).await);
    assert_eq!(rows(&store, "sessions").await, 20);
}

async fn log_ins_are_counted_for_a_quarter_of_an_hour(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let tried = async |name: &str, address: &str, minute: i64| {
        store
            .try_log_in(name, address, at(now, minute))
            .await
            .expect("the store")
    };
    for _ in 0..10 {
        tried("eve", "192.0.2.1", 0).await.expect("it is tried");
    }
    assert_eq!(tried("eve", "192.0.2.2", 5).await, Err(Duration::from_mins(10)));
    tried("ada", "192.0.2.1", 5).await.expect("another account");
    tried("eve", "192.0.2.1", 16).await.expect("it is over");
    // A hundred names from one address.
    for number in 0..100 {
        tried(&format!("name-{number}"), "192.0.2.3", 20)
            .await
            .expect("it is tried");
    }
    assert!(tried("one more", "192.0.2.3", 20).await.is_err());
    tried("one more", "192.0.2.4", 20).await.expect("another address");
}

async fn what_is_counted_is_bounded(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let statement = "INSERT INTO attempts (subject, began, count)
         WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 10500)
         SELECT 'address ' || CAST(n AS TEXT), $1 - n, 1 FROM many";
    on!(store.writer(), |db| {
        sqlx::query(statement)
            .bind(millis(now))
            .execute(db)
            .await
            .map(drop)
    })
    .expect("many");
    store
        .try_log_in("eve", "192.0.2.1", now)
        .await
        .expect("the store")
        .expect("it is tried");
    assert_eq!(rows(&store, "attempts").await, 10_002);
}

async fn a_link_is_good_for_a_day_and_some_are_at_once(place: Place) {
    let store = place.store().await;
    let now = Timestamp::now();
    let offer = async |minute| {
        let made = store.offer_set_up(at(now, minute)).await;
        made.expect("the store").expect("a link")
    };
    let is_good = async |secret: &str, minute| {
        store
            .may_set_up(secret, at(now, minute))
            .await
            .expect("the store")
    };
    let first = offer(0).await;
    assert!(is_good(&first, 24 * 60 - 1).await);
    assert!(!is_good(&first, 24 * 60).await);
    assert!(
        !is_good(&secret::hash(&first), 1).await,
        "what the store has is no link"
    );
    for minute in 1..8 {
        offer(minute).await;
    }
    assert!(is_good(&first, 8).await);
    let last = offer(8).await;
    assert!(is_good(&last, 9).await && !is_good(&first, 9).await);
    account(&store, now).await;
    assert!(!is_good(&last, 9).await);
    assert_eq!(store.offer_set_up(now).await.expect("the store"), None);
}
