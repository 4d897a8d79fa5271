use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::made_up::{Spool, call};
use crate::receiver::{Receiver, url};
use crate::running::{Collector, eventually};

#[tokio::test]
async fn a_finding_is_sent_once_with_all_that_a_person_asks() {
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| {
        settings.webhook = Some(receiver.url());
        settings.page = Some("https://umbra.example/".parse().expect("a URL"));
    })
    .await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("alice", "claude")])).await;
    collector.take(&spool.report(vec![call("bob", "claude")])).await;
    let calls = eventually("a call", async || {
        Some(receiver.calls()).filter(|calls| !calls.is_empty())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.calls().len(), 1);
    let (id, payload) = &calls[0];
    assert_eq!(payload["id"], **id);
    for (field, value) in [
        ("type", "new_caller"),
        ("verdict", "unreviewed"),
        ("vendor", "OpenAI"),
        ("service", "API"),
        ("name", "api.openai.com"),
        ("program", "claude"),
        ("host", "web-1"),
        ("evidence", "tls_sni"),
        ("page", "https://umbra.example/?finding=1"),
    ] {
        assert_eq!(payload[field], value, "{field}");
    }
    assert_eq!(payload["user"]["name"], "alice");
    assert!(payload["first_seen"].as_str().expect("a time").ends_with('Z'));
    assert!(
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("1 delivered")
    );
}

#[tokio::test]
async fn a_receiver_that_fails_first_gets_it_again_under_the_same_id() {
    let receiver = Receiver::anywhere(&[(500, None), (408, None), (204, None)]).await;
    let collector = Collector::start_with(|settings| settings.webhook = Some(receiver.url())).await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    let failing = eventually("the page tells", async || {
        let html = collector.get("inventory").await.text().await.expect("HTML");
        html.contains("the receiver answered 500 Internal Server Error")
            .then_some(html)
    })
    .await;
    assert!(failing.contains("fails"));
    eventually("three attempts", async || {
        (receiver.calls().len() == 3).then_some(())
    })
    .await;
    let ids: HashSet<_> = receiver.calls().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 1);
    eventually("all is well", async || {
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("1 delivered")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pause_that_the_receiver_asks_for_holds_for_all() {
    let receiver = Receiver::anywhere(&[(429, Some("2"))]).await;
    let collector = Collector::start_with(|settings| settings.webhook = Some(receiver.url())).await;
    let mut spool = Spool::of("web-1");
    let begin = Instant::now();
    collector
        .take(&spool.report(vec![call("alice", "claude"), call("alice", "curl")]))
        .await;
    eventually("both and the repeat", async || {
        (receiver.calls().len() == 3).then_some(())
    })
    .await;
    assert!(
        begin.elapsed() >= Duration::from_secs(2),
        "after {:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn what_the_receiver_refuses_is_not_sent_again_and_shows() {
    let receiver = Receiver::anywhere(&[(404, None)]).await;
    let collector = Collector::start_with(|settings| settings.webhook = Some(receiver.url())).await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    eventually("the page tells", async || {
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("answered 404 Not Found")
            .then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.calls().len(), 1);

    // Whoever mended the address starts the collector again.
    let collector = collector.restart().await;
    eventually("the alert", async || (receiver.calls().len() == 2).then_some(())).await;
    assert_eq!(receiver.calls()[0].0, receiver.calls()[1].0);
    eventually("all is well", async || {
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("1 delivered")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_alert_outlives_a_restart_and_a_receiver_that_is_away() {
    let gone = Receiver::anywhere(&[]).await;
    let address = gone.address;
    drop(gone);
    let collector = Collector::start_with(|settings| settings.webhook = Some(url(address))).await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    eventually("the page tells", async || {
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("Connection refused")
            .then_some(())
    })
    .await;
    let collector = collector.restart().await;
    let receiver = Receiver::start(address, &[]).await;
    eventually("the alert", async || (receiver.calls().len() == 1).then_some(())).await;
    // What was sent and is not written down yet would be sent again.
    eventually("it is settled", async || {
        let waiting = collector.metric("umbra_collector_webhook_waiting").await;
        (waiting == Some(0)).then_some(())
    })
    .await;
    let collector = collector.restart().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(collector.metric("umbra_collector_webhook_waiting").await, Some(0));
}
