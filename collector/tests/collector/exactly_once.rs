use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::made_up::{Spool, call};
use crate::running::{Collector, client, post, rows};

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

/// A collector in a process of its own, so that it can be killed.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(data: &Path, database: &[String]) -> Self {
        Self::start_with(data, database, &[])
    }

    fn start_with(data: &Path, database: &[String], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
            .envs(environment.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(database)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the collector");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("a line");
        let url = line
            .trim()
            .strip_prefix("Umbra collector listens on ")
            .expect(&line);
        Self {
            url: format!("{url}/"),
            child,
        }
    }

    /// As `kill -9` does it.
    fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("its end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_and_within_reports_the_totals_are_right() {
    const REPORTS: u64 = 20;
    let directory = tempfile::tempdir().expect("a directory");
    let http = client();
    let mut spool = Spool::of("web-1");
    let mut acknowledged = 0;
    let database = crate::on::arguments();
    let mut process = Process::start(directory.path(), &database);
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
        process = Process::start(directory.path(), &database);
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
    let http = client();
    let mut spool = Spool::of("web-1");
    let database = crate::on::arguments();
    let mut sent = 0;
    for point in FAIL_POINTS {
        let armed = format!("{point}:2");
        let mut process = Process::start_with(directory.path(), &database, &[("UMBRA_FAIL_POINT", &armed)]);
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
        let process = Process::start(directory.path(), &database);
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
