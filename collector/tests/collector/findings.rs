use jiff::Timestamp;
use serde_json::Value;
use umbra_catalog::Kind;
use umbra_collector::findings::FindingState;
use umbra_collector::store::{By, FindingDecision};
use umbra_report::{Container, Evidence};

use crate::made_up::{Spool, ago, call};
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

async fn asked(collector: &Collector, query: &str) -> Vec<Value> {
    let answer = collector.get(&format!("v1/findings{query}")).await;
    assert_eq!(answer.status(), 200, "{query}");
    let mut page: Value = answer.json().await.expect("JSON");
    std::mem::take(page["findings"].as_array_mut().expect("findings"))
}

#[tokio::test]
async fn a_finding_is_in_the_state_that_a_person_put_it_into() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![call("eve", "claude"), call("eve", "curl")]))
        .await;
    let open = asked(&collector, "?state=open").await;
    assert_eq!(open.len(), 2);
    let claude = open.iter().find(|it| it["program"] == "claude").expect("it");
    assert_eq!(
        (&claude["kind"], &claude["severity"], &claude["decided"]),
        (&"new_caller".into(), &"medium".into(), &Value::Null)
    );
    assert_eq!(
        (&claude["user"]["name"], &claude["host"]),
        (&"eve".into(), &"web-1".into())
    );
    let id = claude["finding"].as_i64().expect("a number");

    let store = collector.store().await;
    let by = By {
        actor: "ada",
        time: Timestamp::now(),
    };
    let mut decision = FindingDecision {
        state: FindingState::FalseAlarm,
        until: None,
        reason: "It was the test of the alarm",
    };
    let decide = async |decision: FindingDecision<'_>, id: i64| {
        store.decide_finding(id, &decision, &by).await.expect("the store")
    };
    assert!(decide(decision, id).await);
    assert!(!decide(decision, 99).await, "there is none");
    let settled = asked(&collector, "?state=false_alarm&kind=new_caller").await;
    assert_eq!(settled[0]["finding"], id);
    assert_eq!(settled[0]["decided"]["actor"], "ada");
    assert_eq!(settled[0]["decided"]["reason"], "It was the test of the alarm");
    assert_eq!(asked(&collector, "?state=open").await.len(), 1);
    assert_eq!(asked(&collector, "?kind=prohibited_use").await.len(), 0);
    let page = collector.get("inventory").await.text().await.expect("text");
    assert!(
        page.contains("<dd>1 <small>new or prohibited</small></dd>"),
        "{page}"
    );
    // It says no more than it did, so it is not raised again.
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    assert_eq!(asked(&collector, "").await.len(), 2);

    // A snooze that is over opens it again by itself.
    decision.state = FindingState::Snoozed;
    decision.until = Some(ago(0) + jiff::SignedDuration::from_hours(1));
    assert!(decide(decision, id).await);
    assert_eq!(asked(&collector, "?state=snoozed").await.len(), 1);
    decision.until = Some(ago(1));
    assert!(decide(decision, id).await);
    assert_eq!(asked(&collector, "?state=snoozed").await.len(), 0);
    let again = asked(&collector, "?state=open").await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|it| it["snoozed_until"] == Value::Null));

    let entries = store.audit(u64::MAX, 10).await.expect("the log");
    let decided = entries.iter().filter(|entry| entry.action == "finding_decided");
    assert_eq!(decided.count(), 3, "one for each decision");
    assert_eq!(collector.get("v1/findings?state=done").await.status(), 400);
    let first = collector.get("v1/findings?limit=1").await;
    let first: Value = first.json().await.expect("JSON");
    let rest = asked(&collector, &format!("?before={}", first["next"])).await;
    assert_eq!(rest.len(), 1, "the other one");
}
