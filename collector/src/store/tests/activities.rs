//! What came last, and what becomes of it.

use std::collections::BTreeSet;

use super::*;
use crate::access::Scope;

on_both!(
    the_newest_are_kept_and_numbers_rise_however_many_went,
    what_is_a_day_old_or_of_nobody_any_more_is_not_told,
);

/// Numbers of the last that came, the newest first.
async fn last(store: &Store) -> Vec<i64> {
    let told = store
        .last_activities(&Scope::default(), 0, 1000)
        .await
        .expect("activities");
    told.iter().map(|activity| activity.id).collect()
}

async fn the_newest_are_kept_and_numbers_rise_however_many_went(place: Place) {
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    store.trim_activities().await.expect("there is nothing");
    assert!(store.newest_activities().await.expect("numbers").is_empty());
    // More are written at once than of a commit are kept.
    let calls = (0..70).map(|number| call("alice", &format!("bot-{number}")));
    apply(&store, &spool.report(calls.collect())).await;
    let told = store
        .last_activities(&Scope::default(), 0, 1000)
        .await
        .expect("activities");
    assert_eq!(told.len(), 64);
    assert_eq!(told.iter().map(|activity| activity.more).sum::<u64>(), 6);
    change(&store, "UPDATE activities SET id = id + 10000 WHERE id > 60").await;
    store.trim_activities().await.expect("the store");
    assert_eq!(last(&store).await.len(), 4);
    let newest = store.newest_activities().await.expect("numbers");
    assert_eq!(newest, BTreeSet::from([10_061, 10_062, 10_063, 10_064]));
    let some = store.activities(&[10_063, 10_061, 7]).await.expect("activities");
    let some: Vec<i64> = some.iter().map(|activity| activity.id).collect();
    assert_eq!(some, [10_061, 10_063]);
}

async fn what_is_a_day_old_or_of_nobody_any_more_is_not_told(place: Place) {
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    for program in ["old", "gone", "here"] {
        apply(&store, &spool.report(vec![call("alice", program)])).await;
    }
    change(
        &store,
        "UPDATE activities SET stored = stored - 86400001 WHERE id = 1",
    )
    .await;
    change(&store, "DELETE FROM uses WHERE id = 2").await;
    assert_eq!(last(&store).await, [3]);
    let told = store.activities(&[1, 2, 3]).await.expect("activities");
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].used.program.as_str(), told[0].used.flows), ("here", 1));
}
