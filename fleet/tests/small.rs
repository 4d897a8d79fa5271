//! The real program with a small fleet, against a real collector, on each database.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const HOSTS: u64 = 20;

/// Runs it; `None`, with the reason said, where something is missing.
fn run(database: &str) -> Option<Value> {
    let fleet = Path::new(env!("CARGO_BIN_EXE_umbra-fleet"));
    let collector = fleet.with_file_name("umbra-collector");
    if !collector.exists() {
        return skip("umbra-collector is not built: `cargo build -p umbra-collector`");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("figures.json");
    let output = Command::new(fleet)
        .args(["load", "--rounds=1", "--seconds=2", "--memory=10", "--at-once=8"])
        .args([&format!("--hosts={HOSTS}"), "--database", database])
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

fn skip(why: &str) -> Option<Value> {
    // Not by println, which libtest keeps to itself when the test passes.
    let _ = writeln!(std::io::stdout(), "skipped: {why}");
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {why}");
    None
}

/// A figure's only value.
fn figure(json: &Value, name: &str) -> f64 {
    let groups = json["groups"].as_array().expect("groups");
    let figures = groups
        .iter()
        .flat_map(|group| group["figures"].as_array().expect("figures"));
    let found: Vec<&Value> = figures.filter(|figure| figure["name"] == name).collect();
    assert_eq!(found.len(), 1, "one {name}");
    let values = found[0]["values"].as_array().expect("values");
    assert_eq!(values.len(), 1, "{name} of one round");
    values[0].as_f64().expect("a number")
}

fn check(json: &Value) {
    // Of hosts whose records were not all there, the program would have failed.
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let hosts = HOSTS as f64;
    assert!((figure(json, "hosts whose records are all stored") - hosts).abs() < 0.5);
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
        let value = figure(json, name);
        assert!(value > 0.0 && value.is_finite(), "{name}: {value}");
    }
    let rows = figure(json, "final rows");
    // An agent and a stream each, and at least one caller with one use in one hour.
    assert!(rows > 5.0 * hosts, "{rows}");
}

#[test]
fn a_small_fleet_on_sqlite_is_counted_to_the_byte() {
    if let Some(json) = run("sqlite") {
        check(&json);
    }
}

#[test]
fn a_small_fleet_on_postgres_is_counted_to_the_byte() {
    if let Some(json) = run("postgres") {
        check(&json);
        assert!(figure(&json, "PostgreSQL, all its processes") > 0.0);
    }
}
