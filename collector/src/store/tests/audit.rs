//! The audit log finds whatever is done to it behind its back.

use crate::labels::Labels;
use crate::store::{By, NewToken, Tampered};

use super::*;

on_both!(
    what_is_decided_is_written_down_in_order,
    each_change_behind_its_back_is_found,
    writers_at_once_make_one_chain,
);

fn by(actor: &str) -> By<'_> {
    By {
        actor,
        time: Timestamp::now(),
    }
}

async fn token(store: &Store, label: &str, actor: &str) {
    let new = NewToken {
        label: label.to_owned(),
        life: Duration::from_hours(1),
        uses: 1,
        labels: Labels::default(),
    };
    let made = store.create_token(&new, "00", &by(actor)).await;
    made.expect("the store").expect("room");
}

async fn what_is_decided_is_written_down_in_order(place: Place) {
    let store = place.store().await;
    assert_eq!(
        store
            .verify_audit(None)
            .await
            .expect("the log")
            .expect("it is empty")
            .number,
        0
    );
    token(&store, "one", "ada").await;
    let noted = store.audit_head().await.expect("the log");
    token(&store, "two", "eve").await;
    let entries = store.audit(u64::MAX, 10).await.expect("the log");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.number, entry.actor.as_str(), entry.action.as_str()))
        .collect();
    assert_eq!(told, [(2, "eve", "token_created"), (1, "ada", "token_created")]);
    assert!(
        entries[0].detail.contains(r#""label":"two""#),
        "{}",
        entries[0].detail
    );
    assert_eq!(noted.hash, entries[1].hash);
    let head = store
        .verify_audit(Some(&noted))
        .await
        .expect("the log")
        .expect("it is whole");
    assert_eq!((head.number, &head.hash), (2, &entries[0].hash));
    // What is refused is no decision.
    let none = store
        .revoke_token("nothing", &by("ada"))
        .await
        .expect("the store");
    assert!(!none);
    assert_eq!(store.audit_head().await.expect("the log").number, 2);
}

async fn each_change_behind_its_back_is_found(place: Place) {
    let store = place.store().await;
    for label in ["one", "two", "three", "four"] {
        token(&store, label, "ada").await;
    }
    let noted = store.audit_head().await.expect("the log");
    for (done, undone, found) in [
        (
            "UPDATE audit SET actor = 'eve' WHERE number = 2",
            "UPDATE audit SET actor = 'ada' WHERE number = 2",
            Tampered::Changed { number: 2 },
        ),
        (
            "UPDATE audit SET time = time + 1 WHERE number = 1",
            "UPDATE audit SET time = time - 1 WHERE number = 1",
            Tampered::Changed { number: 1 },
        ),
        (
            "UPDATE audit SET detail = detail || ' ' WHERE number = 4",
            "UPDATE audit SET detail = trim(detail) WHERE number = 4",
            Tampered::Changed { number: 4 },
        ),
        // A letter moves from one column to the next.
        (
            "UPDATE audit SET actor = 'ad', action = 'a' || action WHERE number = 3",
            "UPDATE audit SET actor = 'ada', action = 'token_created' WHERE number = 3",
            Tampered::Changed { number: 3 },
        ),
        (
            "UPDATE audit SET number = 9 WHERE number = 2",
            "UPDATE audit SET number = 2 WHERE number = 9",
            Tampered::Missing { missing: 2 },
        ),
        (
            "UPDATE audit SET number = 9 WHERE number = 4",
            "UPDATE audit SET number = 4 WHERE number = 9",
            Tampered::Ends { last: 3, written: 4 },
        ),
        (
            "UPDATE audit SET number = 5 - number + 10",
            "UPDATE audit SET number = 15 - number",
            Tampered::Ends { last: 0, written: 4 },
        ),
        (
            "UPDATE audit_head SET number = 3",
            "UPDATE audit_head SET number = 4",
            Tampered::Ends { last: 4, written: 3 },
        ),
    ] {
        change(&store, done).await;
        assert_eq!(
            store.verify_audit(None).await.expect("the log"),
            Err(found),
            "{done}"
        );
        change(&store, undone).await;
        let whole = store.verify_audit(Some(&noted)).await.expect("the log");
        assert_eq!(whole, Ok(noted.clone()), "{undone}");
    }
    // Two that change places.
    for statement in [
        "UPDATE audit SET number = 9 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 9",
    ] {
        change(&store, statement).await;
    }
    assert_eq!(
        store.verify_audit(None).await.expect("the log"),
        Err(Tampered::Changed { number: 2 })
    );

    // Somebody empties the log and writes it anew, in good order: only what was noted elsewhere tells.
    for statement in [
        "DELETE FROM audit",
        "UPDATE audit_head SET number = 0, hash = '0000000000000000000000000000000000000000000000000000000000000000'",
    ] {
        change(&store, statement).await;
    }
    for label in ["a", "b", "c"] {
        token(&store, label, "ada").await;
    }
    assert!(store.verify_audit(None).await.expect("the log").is_ok());
    assert_eq!(
        store.verify_audit(Some(&noted)).await.expect("the log"),
        Err(Tampered::Ends { last: 3, written: 4 })
    );
    token(&store, "d", "ada").await;
    assert_eq!(
        store.verify_audit(Some(&noted)).await.expect("the log"),
        Err(Tampered::Rewritten { number: 4 })
    );
}

async fn writers_at_once_make_one_chain(place: Place) {
    let store = place.store().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move { token(&store, "t", &format!("writer {writer}")).await });
    }
    writers.join_all().await;
    let head = store
        .verify_audit(None)
        .await
        .expect("the log")
        .expect("it is whole");
    assert_eq!(head.number, 8);
}
