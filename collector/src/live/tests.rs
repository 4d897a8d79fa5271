use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Live, Told, WAITING, WATCHERS, passed_over};
use crate::made_up::{Spool, call};
use crate::store::{Arrival, Location, Store};
use jiff::Timestamp;

async fn store(directory: &tempfile::TempDir) -> Arc<Store> {
    let location = Location::Directory(directory.path().to_owned());
    Arc::new(Store::open(&location).await.expect("a store"))
}

#[tokio::test]
async fn a_slow_watcher_loses_the_oldest_and_is_told_how_much() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let live = Live::new(Arc::clone(&store));
    let mut slow = live.watch().await.expect("the store").expect("a place");
    let mut quick = live.watch().await.expect("the store").expect("a place");
    let mut spool = Spool::of("web-1");
    let reports = WAITING / 64 + 2;
    for number in 0..reports {
        let calls = (0..64).map(|call_number| call("alice", &format!("bot-{number}-{call_number}")));
        let arrival = Arrival::of(spool.report(calls.collect()), Timestamp::now());
        store.apply(arrival).await.expect("it is stored");
        live.look().await.expect("the store");
        for _ in 0..64 {
            assert!(matches!(quick.next().await, Told::Line(_)));
        }
    }
    let lost = reports * 64 - WAITING;
    assert!(matches!(slow.next().await, Told::LeftOut(lines) if lines == lost as u64));
    for _ in 0..WAITING {
        assert!(matches!(slow.next().await, Told::Line(_)));
    }
    live.end();
    assert!(matches!(slow.next().await, Told::End));
    store.close().await;
}

#[tokio::test]
async fn what_was_there_before_is_not_told_and_a_place_is_given_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let live = Live::new(Arc::clone(&store));
    let mut spool = Spool::of("web-1");
    for watched in 0..2 {
        let arrival = Arrival::of(spool.report(vec![call("alice", "before")]), Timestamp::now());
        store.apply(arrival).await.expect("it is stored");
        // Nobody watches: nothing is read.
        live.look().await.expect("the store");
        let mut watcher = live.watch().await.expect("the store").expect("a place");
        let arrival = Arrival::of(spool.report(vec![call("alice", "after")]), Timestamp::now());
        store.apply(arrival).await.expect("it is stored");
        live.look().await.expect("the store");
        let Told::Line(told) = watcher.next().await else {
            panic!("nothing is told, {watched}");
        };
        assert_eq!(told.id, 2 * watched + 2);
    }
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        watchers.push(live.watch().await.expect("the store").expect("a place"));
    }
    assert!(live.watch().await.expect("the store").is_err());
    watchers.pop();
    assert!(live.watch().await.expect("the store").is_ok());
    store.close().await;
}

#[test]
fn what_one_look_does_not_reach_back_to_is_counted() {
    let numbers = |from: i64, to: i64| (from..to).collect::<BTreeSet<_>>();
    assert_eq!(passed_over(&numbers(1, 11), &numbers(5, 20)), 0);
    assert_eq!(passed_over(&numbers(1, 11), &numbers(11, 20)), 0);
    assert_eq!(passed_over(&numbers(1, 11), &numbers(15, 20)), 4);
    assert_eq!(passed_over(&BTreeSet::new(), &numbers(15, 20)), 0);
}
