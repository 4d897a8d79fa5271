use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use super::*;
use crate::labels::Labels;
use crate::store::{By, Location, NewToken};

async fn token(store: &Store) {
    let new = NewToken {
        label: "web".to_owned(),
        life: Duration::from_hours(1),
        uses: 1,
        labels: Labels::default(),
    };
    let by = By {
        actor: "ada",
        time: Timestamp::now(),
    };
    let made = store.create_token(&new, "00", &by).await;
    made.expect("the store").expect("room");
}

/// As if the last pass were old.
fn age(verifier: &Verifier) {
    let mut last = verifier.last.write().expect("the last pass");
    let old = Verified {
        until: Instant::now(),
        ..(**last.as_ref().expect("a pass")).clone()
    };
    *last = Some(Arc::new(old));
}

#[tokio::test]
async fn a_pass_is_told_until_the_next_one_may_be_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&Location::Directory(directory.path().into())).await;
    let store = Arc::new(store.expect("a store"));
    let verifier = Arc::new(Verifier::new(Arc::clone(&store)));
    assert_eq!(verifier.last(), None);
    token(&store).await;
    let get = async || verifier.get().await.expect("the store");
    let number = |verified: &Verified| verified.result.as_ref().map(|head| head.number).ok();
    let first = get().await.expect("a pass");
    assert_eq!(number(&first), Some(1));
    token(&store).await;
    assert_eq!(
        get().await,
        Some(Arc::clone(&first)),
        "what was found a moment ago"
    );
    age(&verifier);
    // While one goes on, nobody begins another.
    let turn = Arc::clone(&verifier.turn).try_lock_owned().expect("nobody");
    assert_eq!(get().await.as_deref().and_then(number), Some(1));
    *verifier.last.write().expect("the last pass") = None;
    assert_eq!(get().await, None, "the first one goes on");
    drop(turn);
    assert_eq!(get().await.as_deref().and_then(number), Some(2));

    let file = SqliteConnectOptions::new().filename(directory.path().join("umbra.db"));
    let database = SqlitePool::connect_with(file).await.expect("the database");
    sqlx::query("UPDATE audit SET actor = 'eve' WHERE number = 1")
        .execute(&database)
        .await
        .expect("the database");
    age(&verifier);
    let found = get().await.expect("a pass");
    assert_eq!(found.result, Err(Tampered::Changed { number: 1 }));
}
