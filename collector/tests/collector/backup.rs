//! What was backed up comes back whole.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::made_up::{Spool, call};
use crate::running::Collector;

fn run(command: &str, backup: &Path, data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_umbra-collector"))
        .arg(command)
        .arg(backup)
        .arg("--data")
        .arg(data)
        .output()
        .expect("the collector")
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
