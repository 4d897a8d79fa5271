//! What becomes of a PostgreSQL server: a standby takes its place, or its disk is full.

use std::os::unix::fs::symlink;
use std::sync::Arc;

use reqwest::StatusCode;

use crate::cluster::{Cluster, is_root};
use crate::load::Load;
use crate::made_up::{Spool, call};
use crate::postgres::on;
use crate::running::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_with_all_that_was_acknowledged() {
    let Some(primary) = Cluster::start("") else { return };
    let standby = primary.standby();
    // A commit waits for the standby's disk: otherwise its last ones would be lost with the primary.
    primary.sql(
        "postgres",
        "ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()",
    );
    eventually("the standby follows", async || {
        let state = primary.sql("postgres", "SELECT sync_state FROM pg_stat_replication");
        (state.trim() == "sync").then_some(())
    })
    .await;
    // An address that moves, as a name in DNS or a virtual address does.
    let directory = tempfile::tempdir().expect("a directory");
    let address = directory.path().join("postgres");
    symlink(&primary.directory, &address).expect("a link");
    let url = primary.database().replace(
        &primary.directory.display().to_string(),
        &address.display().to_string(),
    );
    let load = Load::on(&[Arc::new(on(&url).await), Arc::new(on(&url).await)]);
    load.goes_on().await;
    primary.tell("kill");
    load.puts_off().await;
    standby.tell("promote");
    let next = directory.path().join("next");
    symlink(&standby.directory, &next).expect("a link");
    std::fs::rename(&next, &address).expect("the address moves");
    load.goes_on().await;
    load.all_is_there().await;
    let sum = standby.sql("umbra_0", "SELECT count(*) > 0 FROM uses WHERE flows > 0");
    assert_eq!(sum.trim(), "t", "it is the standby that has them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_not_promoted_takes_nothing_and_says_so() {
    let Some(primary) = Cluster::start("") else { return };
    let url = primary.database();
    drop(on(&url).await);
    let standby = primary.standby();
    let error = umbra_collector::store::Store::open(&umbra_collector::store::Location::Postgres(
        standby.url("umbra_0").parse().expect("a URL"),
    ))
    .await
    .expect_err("a standby");
    assert!(error.to_string().contains("it is a standby"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_server_puts_reports_off_until_there_is_room() {
    if !is_root() {
        println!("skipped: making a small file system of its own needs root");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let Some(cluster) = Cluster::start_with_room(directory.path(), "24m") else {
        return;
    };
    let room = directory.path().display();
    // Who does not read what is copied may end before it is written.
    let run = |program: &str| {
        let read = format!("cat > /dev/null && {program}");
        cluster.sql("postgres", &format!("COPY (SELECT 1) TO PROGRAM '{read}'"))
    };
    run(&format!("mkdir -m 700 {room}/space"));
    cluster.sql(
        "postgres",
        &format!("CREATE TABLESPACE small LOCATION '{room}/space'; CREATE DATABASE small TABLESPACE small"),
    );
    let collector = on(&cluster.url("small")).await;
    run(&format!("head -c 8000000 /dev/zero > {room}/ballast || true"));
    let mut spool = Spool::of("web-1");
    let mut sent = 0;
    let refused = loop {
        let calls = (0..100).map(|number| call("alice", &format!("{sent}-{number}-{}", "x".repeat(200))));
        let report = spool.report(calls.collect());
        let answer = collector.post(&report).await;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.headers().contains_key("retry-after"));
            break report;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        sent += 100;
        assert!(sent < 100_000, "the disk is never full");
    };
    assert_eq!(
        collector.get("inventory").await.status(),
        StatusCode::OK,
        "the page is there"
    );
    run(&format!("rm {room}/ballast"));
    collector.take(&refused).await;
    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    let sum = cluster.sql("small", "SELECT sum(flows) FROM observations");
    assert_eq!(
        sum.trim(),
        (sent + 101).to_string(),
        "nothing lost, nothing twice"
    );
    assert_eq!(collector.metric("umbra_collector_records_missing").await, Some(0));
}
