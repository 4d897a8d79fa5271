//! What was backed up comes back whole.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};
use std::slice;

use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

use crate::made_up::{Spool, call};
use crate::running::Collector;

fn run(command: &str, backup: &Path, data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
        .arg(command)
        .arg(backup)
        .args(["--by", "ada", "--data"])
        .arg(data)
        .output()
        .expect("the collector")
}

/// The entries of the audit log of a collector that runs, the newest first: who did what, and more about it.
async fn log(collector: &Collector) -> Vec<(Value, Value)> {
    let log: Value = collector.get("v1/audit").await.json().await.expect("JSON");
    let entries = log["entries"].as_array().expect("entries").iter();
    entries
        .filter(|entry| ["backup", "restored"].contains(&entry["action"].as_str().expect("an action")))
        .map(|entry| {
            let detail = entry["detail"].as_str().expect("a detail");
            let did = json!([entry["actor"], entry["action"]]);
            (did, serde_json::from_str(detail).expect("JSON"))
        })
        .collect()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_collector_that_runs_restores_its_totals_and_its_authority() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let first = spool.report(
        (0..50)
            .map(|number| call("alice", &format!("p{}", number % 9)))
            .collect(),
    );
    collector.take(&first).await;
    let before = collector.rows().await;
    let (authority, directory) = (
        collector.authority().await,
        tempfile::tempdir().expect("a directory"),
    );
    let backup = directory.path().join("backup");
    let output = run("backup", &backup, &collector.data());
    assert!(output.status.success(), "{}", error(&output));
    for file in ["umbra.db", "authority.pem", "authority.key"] {
        let mode = fs::metadata(backup.join(file)).expect(file).mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    // What comes afterwards is not in it.
    let second = spool.report(vec![call("bob", "late")]);
    collector.take(&second).await;
    let twice = run("backup", &backup, &collector.data());
    assert!(
        !twice.status.success() && error(&twice).contains("is there already"),
        "{}",
        error(&twice)
    );

    // A data directory is none: its log would stay behind.
    let own = run("restore", &collector.data(), &directory.path().join("copy"));
    assert!(!own.status.success());
    assert!(
        error(&own).contains("is no backup but a data directory"),
        "{}",
        error(&own)
    );
    let over = run("restore", &backup, &collector.data());
    assert!(
        !over.status.success() && error(&over).contains("move it away"),
        "{}",
        error(&over)
    );
    let data = directory.path().join("data");
    let output = run("restore", &backup, &data);
    assert!(output.status.success(), "{}", error(&output));
    let restored = Collector::start_with(|settings| settings.data = data).await;
    assert_eq!(restored.rows().await, before, "the totals are equal");
    assert_eq!(restored.authority().await.fingerprint(), authority.fingerprint());
    // It still knows what it has, and says what it lacks.
    assert_eq!(restored.take(&first).await, 50);
    assert_eq!(restored.rows().await, before);
    assert_eq!(restored.take(&spool.report(vec![call("bob", "later")])).await, 52);
    assert_eq!(restored.metric("umbra_collector_records_missing").await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_is_not_restored() {
    let directory = tempfile::tempdir().expect("a directory");
    let (backup, data) = (directory.path().join("backup"), directory.path().join("data"));
    fs::create_dir(&backup).expect("a directory");
    let none = run("restore", &backup, &data);
    assert_eq!(none.status.code(), Some(1), "{}", error(&none));
    fs::write(backup.join("umbra.db"), "no database at all. ".repeat(1000)).expect("a file");
    let damaged = run("restore", &backup, &data);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(!data.join("umbra.db").exists(), "{}", error(&damaged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_and_what_was_restored_are_in_the_audit_log() {
    let collector = Collector::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let backup = directory.path().join("backup");
    assert!(run("backup", &backup, &collector.data()).status.success());
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let made = (json!(["ada", "backup"]), json!({ "to": path(&backup) }));
    assert_eq!(log(&collector).await.as_slice(), slice::from_ref(&made));

    let data = directory.path().join("data");
    let output = run("restore", &backup, &data);
    assert!(output.status.success(), "{}", error(&output));
    assert!(!data.join("umbra.new").exists());
    let verified = Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
        .args(["audit", "verify", "--data"])
        .arg(&data)
        .output()
        .expect("the collector");
    assert!(verified.status.success(), "{}", error(&verified));
    let restored = Collector::start_with(|settings| settings.data = data).await;
    // The copy has the entry of its own making, and goes on after it.
    let told = log(&restored).await;
    let [(did, detail), before] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(before, &made);
    assert_eq!(did, &json!(["ada", "restored"]));
    assert_eq!(detail["from"], path(&backup));
    assert!(
        detail["last_backup"].is_string() && detail["entry_of_it"].is_u64(),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_backup_is_made_that_the_audit_log_cannot_have() {
    let collector = Collector::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let backup = directory.path().join("backup");
    let file = SqliteConnectOptions::new().filename(collector.data().join("umbra.db"));
    let database = SqlitePool::connect_with(file).await.expect("the database");
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'no more'); END";
    sqlx::query(refuse).execute(&database).await.expect("a trigger");
    let output = run("backup", &backup, &collector.data());
    assert_eq!(output.status.code(), Some(1), "{}", error(&output));
    assert!(error(&output).contains("no more"), "{}", error(&output));
    assert!(!backup.join("umbra.db").exists());
}
