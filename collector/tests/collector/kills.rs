//! The collector is killed at each step of a report and of an alert.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::made_up::{Spool, call};
use crate::process::Process;
use crate::receiver::Receiver;
use crate::running::{eventually, post, rows};

fn start(data: &Path, database: &[String]) -> Process {
    start_with(data, database, &[])
}

fn start_with(data: &Path, database: &[String], environment: &[(&str, &str)]) -> Process {
    Process::start(
        Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
            .envs(environment.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(database),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_and_within_reports_the_totals_are_right() {
    const REPORTS: u64 = 20;
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = Spool::of("web-1");
    let mut acknowledged = 0;
    let database = crate::on::arguments();
    let mut process = start(directory.path(), &database);
    let http = Process::client(directory.path(), &database);
    for round in 0..REPORTS {
        let report = spool.report((0..50).map(|_| call("alice", "curl")).collect());
        let sending = tokio::spawn({
            let (http, url, report) = (http.clone(), process.url.clone(), report.clone());
            async move {
                post(&http, &url, &report)
                    .await
                    .is_ok_and(|answer| answer.status().is_success())
            }
        });
        // From before the first byte to after the answer.
        tokio::time::sleep(Duration::from_millis(round)).await;
        process.kill();
        acknowledged += u64::from(sending.await.expect("the sender"));
        process = start(directory.path(), &database);
        let again = post(&http, &process.url, &report).await.expect("an answer");
        assert!(again.status().is_success(), "{:?}", again.text().await);
    }
    let rows = rows(&http, &process.url).await;
    process.kill();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0]["flows"],
        REPORTS * 50,
        "of {REPORTS} reports {acknowledged} were answered before the kill"
    );
    assert_eq!(rows[0]["bytes_in"], REPORTS * 50 * 2000);
}

/// Where a report can be when the collector is killed; in the middle of its second one.
const FAIL_POINTS: [&str; 5] = [
    "body_read",
    "report_admitted",
    "agent_remembered",
    "report_applied",
    "report_committed",
];

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_of_a_report_the_totals_are_right_to_the_byte() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut spool = Spool::of("web-1");
    let database = crate::on::arguments();
    drop(start(directory.path(), &database));
    let http = Process::client(directory.path(), &database);
    let mut sent = 0;
    for point in FAIL_POINTS {
        let armed = format!("{point}:2");
        let mut process = start_with(directory.path(), &database, &[("UMBRA_FAIL_POINT", &armed)]);
        let mut report = || {
            sent += 10;
            spool.report((0..10).map(|_| call("alice", "curl")).collect())
        };
        let (first, second) = (report(), report());
        let answer = post(&http, &process.url, &first).await.expect("an answer");
        assert!(answer.status().is_success());
        post(&http, &process.url, &second)
            .await
            .expect_err("it is killed");
        let ended = process.child.wait().expect("its end");
        assert_eq!(ended.signal(), Some(9), "at {point}");
        drop(process);

        // It starts again, and the agent sends what nobody acknowledged.
        let process = start(directory.path(), &database);
        let known = post(&http, &process.url, &second).await.expect("an answer");
        assert!(known.status().is_success());
        let rows = rows(&http, &process.url).await;
        assert_eq!(rows.len(), 1);
        let totals = ["flows", "bytes_out", "bytes_in"].map(|field| rows[0][field].as_u64());
        assert_eq!(
            totals,
            [Some(sent), Some(sent * 100), Some(sent * 2000)],
            "killed at {point}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_of_an_alert_it_sends_it_under_one_id() {
    let directory = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::anywhere(&[]).await;
    let mut spool = Spool::of("web-1");
    let mut arguments = crate::on::arguments();
    drop(start(directory.path(), &arguments));
    let http = Process::client(directory.path(), &arguments);
    arguments.extend(["--webhook".to_owned(), receiver.url().to_string()]);
    for point in ["alert_claimed", "alert_sent", "alert_settled"] {
        // A new program is a new finding.
        let report = spool.report(vec![call("alice", point)]);
        let armed = [("UMBRA_FAIL_POINT", point)];
        let mut collector = start_with(directory.path(), &arguments, &armed);
        // Killed before the answer, or after it.
        let _ = post(&http, &collector.url, &report).await;
        let ended = collector.child.wait().expect("its end");
        assert_eq!(ended.signal(), Some(9), "at {point}");
        drop(collector);
        crate::on::end_leases(&arguments);
        let collector = start(directory.path(), &arguments);
        let known = post(&http, &collector.url, &report).await.expect("an answer");
        assert!(known.status().is_success());
        eventually("no alert waits", async || {
            let metrics = http.get(format!("{}metrics", collector.url)).send().await.ok()?;
            let text = metrics.text().await.ok()?;
            text.contains("umbra_collector_webhook_waiting 0\n").then_some(())
        })
        .await;
    }
    let calls = receiver.calls();
    let ids: std::collections::HashSet<_> = calls.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 3, "one for each finding");
    assert_eq!(calls.len(), 4, "what was sent and not settled comes again");
}
