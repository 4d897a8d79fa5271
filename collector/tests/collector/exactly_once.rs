use crate::made_up::{Spool, call};
use crate::running::Collector;

#[tokio::test]
async fn a_repeat_changes_nothing_also_after_a_restart() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let first = spool.report(vec![
        call("alice", "curl"),
        call("alice", "curl"),
        call("bob", "curl"),
    ]);
    assert_eq!(collector.take(&first).await, 3);
    let before = collector.rows().await;
    assert_eq!(collector.take(&first).await, 3);
    let collector = collector.restart().await;
    assert_eq!(collector.rows().await, before, "a restart remembers everything");
    assert_eq!(collector.take(&first).await, 3);
    assert_eq!(collector.rows().await, before);

    // A batch that was sent in part before: only its new records count.
    let mut second = spool.report(vec![call("alice", "curl")]);
    second.records = [first.records.clone(), second.records].concat();
    assert_eq!(collector.take(&second).await, 4);
    let flows: u64 = collector
        .rows()
        .await
        .iter()
        .map(|row| row["flows"].as_u64().expect("flows"))
        .sum();
    assert_eq!(flows, 4);
    assert_eq!(
        collector.metric("umbra_collector_records_repeated_total").await,
        Some(6)
    );
}

#[tokio::test]
async fn numbers_of_another_epoch_or_agent_are_others() {
    let collector = Collector::start().await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "curl")]))
        .await;
    collector
        .take(&Spool::of("web-2").report(vec![call("alice", "curl")]))
        .await;
    assert_eq!(collector.rows().await.len(), 2);
}

#[tokio::test]
async fn a_status_alone_is_acknowledged_with_what_is_stored() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    assert_eq!(collector.take(&spool.report(vec![])).await, 0);
    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    assert_eq!(collector.take(&spool.report(vec![])).await, 1);
}
