use super::*;
use crate::made_up::{Spool, call};
use crate::store::tests::{Place, apply};

const MANY: u64 = FEW + 1;

async fn sums() -> (Arc<Sums>, Place) {
    let place = Place::sqlite();
    let store = Arc::new(place.store().await);
    let sums = Arc::new(Sums::new(store, Duration::from_hours(1)));
    (sums, place)
}

async fn report(sums: &Sums) {
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    apply(&sums.store, &report).await;
}

/// As if the last sum were of many hosts, and so old.
fn many(sums: &Sums, age: Duration) {
    let mut last = sums.last.write().expect("the last sum");
    let sum = last.take().expect("a sum");
    let health = Health {
        hosts: MANY,
        ..sum.health.clone()
    };
    *last = Some(Arc::new(Sum {
        health,
        begun: Instant::now().checked_sub(age).expect("an uptime"),
        ..(*sum).clone()
    }));
}

async fn hosts(sums: &Arc<Sums>) -> u64 {
    sums.get().await.expect("a sum").health.hosts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_of_many_is_good_for_a_second_and_is_shown_while_the_next_one_is_made() {
    let (sums, _place) = sums().await;
    assert_eq!(hosts(&sums).await, 0);
    report(&sums).await;
    many(&sums, Duration::ZERO);
    assert_eq!(hosts(&sums).await, MANY, "it is good for a second");
    many(&sums, FRESH);
    assert_eq!(hosts(&sums).await, MANY, "nobody waits");
    let deadline = Instant::now() + Duration::from_secs(20);
    while sums.last().expect("a sum").health.hosts == MANY {
        assert!(Instant::now() < deadline, "no new one is made");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    report(&sums).await;
    many(&sums, SHOWN);
    assert_eq!(hosts(&sums).await, 2, "it is too old to be shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_ask_at_once_share_a_sum() {
    let (sums, _place) = sums().await;
    let turn = Arc::clone(&sums.turn).lock_owned().await;
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let sums = Arc::clone(&sums);
            tokio::spawn(async move { sums.get().await.expect("a sum") })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(turn);
    let mut first: Option<Arc<Sum>> = None;
    for asking in asking {
        let sum = asking.await.expect("an answer");
        assert!(Arc::ptr_eq(first.get_or_insert_with(|| Arc::clone(&sum)), &sum));
    }
}
