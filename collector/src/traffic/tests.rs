use super::*;
use crate::made_up::{Spool, call};
use crate::store::tests::{Place, apply};

async fn traffic() -> (Arc<Traffic>, Place) {
    let place = Place::sqlite();
    let store = Arc::new(place.store().await);
    (Arc::new(Traffic::new(store)), place)
}

async fn report(traffic: &Traffic) {
    let report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    apply(&traffic.store, &report).await;
}

/// Bytes of a large fleet, as a page gets them.
async fn sent(traffic: &Arc<Traffic>, scope: &Scope) -> Option<u64> {
    let added = traffic
        .get(scope, true, Timestamp::now())
        .await
        .expect("the store")?;
    assert!(added.time.is_some(), "of when it is");
    Some(added.vendors.iter().map(VendorTraffic::sum).sum())
}

async fn eventually(traffic: &Arc<Traffic>, bytes: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while sent(traffic, &Scope::default()).await != Some(bytes) {
        assert!(Instant::now() < deadline, "no new one is made");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_waits_for_no_sum_and_gets_the_last_one() {
    let (traffic, _place) = traffic().await;
    report(&traffic).await;
    let turn = traffic.turn.acquire().await.expect("it is open");
    assert_eq!(sent(&traffic, &Scope::default()).await, None, "the first is made");
    drop(turn);
    eventually(&traffic, 100).await;

    report(&traffic).await;
    assert_eq!(sent(&traffic, &Scope::default()).await, Some(100), "it is fresh");
    let last = |change: fn(&mut Last)| change(traffic.kept()[0].last.as_mut().expect("a sum"));
    last(|last| last.begun = Instant::now().checked_sub(FRESH).expect("an uptime"));
    last(|last| last.took = FRESH);
    assert_eq!(
        sent(&traffic, &Scope::default()).await,
        Some(100),
        "what took long is good for longer"
    );
    assert!(traffic.kept()[0].running.is_none());
    last(|last| last.took = Duration::ZERO);
    let turn = traffic.turn.acquire().await.expect("it is open");
    assert_eq!(sent(&traffic, &Scope::default()).await, Some(100), "nobody waits");
    drop(turn);
    eventually(&traffic, 200).await;
    let small = traffic.get(&Scope::default(), false, Timestamp::now()).await;
    let small = small.expect("the store").expect("it is added up at once");
    assert_eq!(small.time, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_number_of_scopes_is_kept() {
    let (traffic, _place) = traffic().await;
    for team in 0..SCOPES + 8 {
        let label = format!("team={team}").parse().expect("a label");
        sent(&traffic, &std::iter::once(label).collect()).await;
    }
    assert_eq!(traffic.kept().len(), SCOPES);
}
