use umbra_catalog::Kind;
use umbra_report::{Container, Evidence};

use crate::made_up::{Spool, call};
use crate::running::Collector;

async fn findings(collector: &Collector) -> u64 {
    collector
        .metric("umbra_collector_findings_total")
        .await
        .expect("a metric")
}

#[tokio::test]
async fn one_finding_for_a_program_whoever_runs_it_and_wherever() {
    let collector = Collector::start().await;
    let (mut one, mut two) = (Spool::of("web-1"), Spool::of("web-2"));
    collector
        .take(&one.report(vec![call("alice", "claude"), call("bob", "claude")]))
        .await;
    collector
        .take(&two.report(vec![call("alice", "claude"), call("carol", "claude")]))
        .await;
    collector.take(&one.report(vec![call("alice", "claude")])).await;
    assert_eq!(findings(&collector).await, 1);

    let rows = collector.rows().await;
    assert_eq!(rows.len(), 4, "each user on each host stays a row");
    for row in &rows {
        assert_eq!(
            (&row["verdict"], &row["finding"]),
            (&"unreviewed".into(), &1.into())
        );
    }
    let rows_of_finding = collector
        .get("v1/inventory?finding=1")
        .await
        .text()
        .await
        .expect("text");
    assert_eq!(rows_of_finding.matches("\"claude\"").count(), 4);
}

#[tokio::test]
async fn another_program_vendor_or_image_is_another_finding() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let mut elsewhere = call("alice", "claude");
    elsewhere.vendor = "Anthropic".to_owned();
    let mut contained = call("alice", "claude");
    contained.caller.container = Some(Container {
        id: "9f".repeat(32),
        image: Some("registry:5000/bot:1".to_owned()),
        ..Container::default()
    });
    let mut redeployed = call("alice", "claude");
    redeployed.caller.container = Some(Container {
        id: "a0".repeat(32),
        image: Some("registry:5000/bot:2".to_owned()),
        ..Container::default()
    });
    let calls = vec![
        call("alice", "claude"),
        call("alice", "curl"),
        elsewhere,
        contained,
        redeployed,
    ];
    collector.take(&spool.report(calls)).await;
    assert_eq!(
        findings(&collector).await,
        4,
        "a new release of an image is no new caller"
    );
}

#[tokio::test]
async fn content_telemetry_and_bare_addresses_raise_none() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let of_kind = |kind| {
        let mut observation = call("alice", "firefox");
        observation.kind = kind;
        observation.service = format!("{kind:?}");
        observation
    };
    let mut address = call("alice", "firefox");
    address.evidence = Evidence::Ip;
    collector
        .take(&spool.report(vec![of_kind(Kind::Cdn), of_kind(Kind::Telemetry), address]))
        .await;
    assert_eq!(findings(&collector).await, 0);
    assert_eq!(
        collector.rows().await.len(),
        3,
        "they are in the inventory all the same"
    );

    collector
        .take(&spool.report(vec![call("alice", "firefox")]))
        .await;
    assert_eq!(findings(&collector).await, 1);
    let rows = collector.rows().await;
    let row = rows.iter().find(|row| row["service"] == "API").expect("the row");
    assert_eq!(row["evidence"], "tls_sni", "the strongest evidence stays");
}
