//! Several collectors behind a pooler that gives each transaction another session.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use umbra_collector::store::{Bounds, Month};

use crate::cluster::Cluster;
use crate::load::Load;
use crate::made_up::{Spool, call};
use crate::pooler::{self, Pooler};
use crate::receiver::Receiver;
use crate::running::{Collector, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_work_through_a_pooler_that_forgets_prepared_statements() {
    Box::pin(all_works_with("")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_work_through_a_pooler_that_knows_prepared_statements() {
    if pooler::version().is_some_and(|version| version < (1, 21)) {
        // Not by println, which libtest keeps to itself when the test passes.
        let _ = writeln!(
            std::io::stdout(),
            "skipped: this PgBouncer is older than 1.21 and knows none"
        );
        return;
    }
    Box::pin(all_works_with("max_prepared_statements = 200")).await;
}

/// Sessions that others hold, or empty, while a collector tries what its pooler does are none that it can go by.
#[tokio::test(flavor = "multi_thread")]
async fn collectors_that_start_at_once_see_what_the_pooler_forgets() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::before(&cluster, "crowded", "") else {
        return;
    };
    let url = pooler.through(&cluster.database());
    for _ in 0..5 {
        let starts = (0..6).map(|_| {
            Collector::start_with(|settings| {
                settings.database = Some(url.parse().expect("a URL"));
            })
        });
        let collectors = futures_util::future::join_all(starts).await;
        for (number, collector) in (0..).zip(&collectors) {
            let mut spool = Spool::of(&format!("web-{number}"));
            collector.take(&spool.report(vec![call("alice", "curl")])).await;
        }
        drop(collectors);
    }
}

/// Tables, reports, pages, searches, alerts, retention.
async fn all_works_with(setting: &str) {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::before(&cluster, "pooler", setting) else {
        return;
    };
    let url = pooler.through(&cluster.database());
    let receiver = Receiver::anywhere(&[]).await;
    let start = async || {
        Collector::start_with(|settings| {
            settings.database = Some(url.parse().expect("a URL"));
            settings.webhook = Some(receiver.url());
        })
        .await
    };
    // Both make the tables.
    let (one, two) = tokio::join!(start(), start());
    let collectors = [Arc::new(one), Arc::new(two)];
    let load = Load::on(&collectors);
    load.goes_on().await;
    for text in ["p1", "alice", "web-2", "nowhere"] {
        let page = collectors[0].get(&format!("?q={text}")).await;
        assert!(page.status().is_success(), "{text}");
    }
    load.goes_on().await;
    load.all_is_there().await;
    eventually("all alerts are sent", async || {
        (receiver.calls().len() >= 20).then_some(())
    })
    .await;
    let calls = receiver.calls();
    let ids: HashSet<_> = calls.iter().map(|(id, _)| id).collect();
    assert_eq!((calls.len(), ids.len()), (20, 20), "each once");

    let over = Month::of(Timestamp::now()).next();
    let bounds = Bounds {
        observations: over,
        inventory: over,
        findings: over,
        requests: over,
        alerts: over,
        losses: over,
    };
    let store = collectors[1].store().await;
    store.remove(&bounds).await.expect("retention");
    assert!(collectors[0].rows().await.is_empty());
    // Its month is made again.
    collectors[0]
        .take(&Spool::of("web-9").report(vec![call("alice", "curl")]))
        .await;
    assert_eq!(collectors[1].rows().await.len(), 1);
}
