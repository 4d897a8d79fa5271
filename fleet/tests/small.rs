//! The real program with a small fleet, against a real collector, on each database.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const HOSTS: u64 = 20;

/// Runs it; `None`, with the reason said, where something is missing.
fn run(arguments: &[&str], database: &str) -> Option<Value> {
    let fleet = Path::new(env!("CARGO_BIN_EXE_umbra-fleet"));
    let collector = fleet.with_file_name("umbra-collector");
    if !collector.exists() {
        return skip("umbra-collector is not built: `cargo build -p umbra-collector`");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("figures.json");
    let output = Command::new(fleet)
        .args(arguments)
        .args(["--database", database])
        .arg("--collector")
        .arg(&collector)
        .arg("--json")
        .arg(&file)
        .output()
        .expect("the fleet");
    let Output { status, stderr, .. } = &output;
    let said = String::from_utf8_lossy(stderr);
    if said.contains("PostgreSQL is not installed") {
        return skip("PostgreSQL is not installed");
    }
    assert!(status.success(), "{status}: {said}");
    let json = std::fs::read(&file).expect("figures");
    Some(serde_json::from_slice(&json).expect("figures are JSON"))
}

fn load(database: &str) -> Option<Value> {
    let arguments = [
        "load",
        "--rounds=1",
        "--seconds=2",
        "--memory=10",
        "--at-once=8",
        "--outage=30",
        &format!("--hosts={HOSTS}"),
    ];
    run(&arguments, database)
}

/// Makes a store of fifty hosts, and asks it all there is to ask, then once more while reports come.
fn latency(database: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [
        "latency",
        "--large-scale=0.001",
        "--requests=3",
        "--warm-up=1",
        "--reports-per-second=20",
        "--stores",
        folder.path().to_str().expect("UTF-8"),
    ];
    let Some(json) = run(&arguments, database) else {
        return;
    };
    let figures = json.as_array().expect("figures");
    let at = |rate: u64| {
        figures
            .iter()
            .filter(move |it| it["reports_per_second"] == rate)
            .count()
    };
    assert!(at(0) > 30, "{figures:#?}");
    assert_eq!((at(0), at(20)), (at(20), figures.len() - at(20)));
    for figure in figures {
        assert_eq!(figure["requests"], 3, "{figure}");
        // In so small a store no answer takes a second, whatever else the machine does; a plan that goes wrong may.
        let median = figure["p50_ms"].as_f64().expect("a number");
        assert!(median < 1000.0, "{figure}");
    }
}

fn skip(why: &str) -> Option<Value> {
    // Not by println, which libtest keeps to itself when the test passes.
    let _ = writeln!(std::io::stdout(), "skipped: {why}");
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {why}");
    None
}

/// A figure's only value, in each case that has it.
fn figures(json: &Value, name: &str) -> Vec<f64> {
    let groups = json["groups"].as_array().expect("groups");
    let figures = groups
        .iter()
        .flat_map(|group| group["figures"].as_array().expect("figures"));
    let found: Vec<&Value> = figures.filter(|figure| figure["name"] == name).collect();
    let one = |figure: &Value| {
        let values = figure["values"].as_array().expect("values");
        assert_eq!(values.len(), 1, "{name} of one round");
        values[0].as_f64().expect("a number")
    };
    found.into_iter().map(one).collect()
}

fn check(json: &Value) {
    // Of hosts whose records were not all there, the program would have failed.
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let hosts = HOSTS as f64;
    // One of five is late.
    let compared = figures(json, "hosts whose records are all stored");
    assert!(
        (compared[0] - hosts).abs() < 0.5 && (compared[1] - hosts / 5.0).abs() < 0.5,
        "{compared:?}"
    );
    let sizes = figures(json, "observations a report");
    assert!(sizes[0] < 30.0 && sizes[1] > 60.0, "{sizes:?}");
    for name in [
        "reports a second",
        "wait for the answer, ms, p99",
        "transactions",
        "collector",
        "bulk upsert, observations a second",
        "bulk insert, final rows a second",
        "observations served to bulk upsert",
        "10 agents connected",
    ] {
        let values = figures(json, name);
        let cases = if name.ends_with("connected") { 1 } else { 2 };
        assert_eq!(values.len(), cases, "{name}");
        for value in values {
            assert!(value > 0.0 && value.is_finite(), "{name}: {value}");
        }
    }
    let rows = figures(json, "final rows")[0];
    // An agent and a stream each, and at least one caller with one use in one hour.
    assert!(rows > 5.0 * hosts, "{rows}");
}

#[test]
fn a_small_fleet_on_sqlite_is_counted_to_the_byte() {
    if let Some(json) = load("sqlite") {
        check(&json);
    }
}

#[test]
fn a_small_fleet_on_postgres_is_counted_to_the_byte() {
    if let Some(json) = load("postgres") {
        check(&json);
        assert!(
            figures(&json, "PostgreSQL, all its processes")
                .iter()
                .all(|seconds| *seconds > 0.0)
        );
    }
}

#[test]
fn a_store_of_few_hosts_is_made_and_asked_on_sqlite() {
    latency("sqlite");
}

#[test]
fn a_store_of_few_hosts_is_made_and_asked_on_postgres() {
    latency("postgres");
}
