//! The scorecard plays before the agent what it says it plays, and a fault of the harness is an error.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use umbra_tests::machine::{binaries, binary};
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::{Need, ready, spared};

const NEEDS: [Need; 5] = [
    Need::Root,
    Need::Binary("umbra-scorecard"),
    Need::Binary("umbra-testbed"),
    Need::Binary("umbra-agent"),
    Need::Program("curl"),
];

/// Plays the scenarios whose name contains this, once, with the programs of a folder.
fn play(filter: &str, programs: &Path) -> (bool, Process) {
    let scorecard = binary("umbra-scorecard").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound(scorecard);
    command.args(["--trials", "1", "--filter", filter]);
    let mut run = Process::start(command.env("UMBRA_BIN_DIR", programs));
    let status = run.wait(Duration::from_mins(2));
    (status.success(), run)
}

#[test]
fn a_flow_and_a_blind_spot_are_scored() {
    if spared("the scorecard") || !ready(&NEEDS) {
        return;
    }
    for (scenario, verdict) in [("docker-cgroupfs", "pass"), ("fronting", "fail")] {
        let (success, run) = play(scenario, &binaries());
        assert!(success, "{}", run.stderr.text());
        let played = run.stdout.all().pop().expect("a line for what was played");
        let played: Value = serde_json::from_str(&played).expect("JSON");
        let flows = played["outcome"]["flows"].as_array().expect("flows");
        assert_eq!(flows.len(), 1, "{played}");
        for thing in ["name", "program", "user", "place", "bytes"] {
            assert_eq!(flows[0][thing], verdict, "{thing} of {played}");
        }
    }
}

#[test]
fn an_observer_that_is_not_there_is_an_error_and_no_score() {
    if spared("the scorecard") || !ready(&NEEDS) {
        return;
    }
    let empty = tempfile::tempdir().expect("a temporary folder");
    let (success, run) = play("fronting", empty.path());
    assert!(!success);
    assert!(
        run.stderr.text().contains("error: the observer cannot run"),
        "{}",
        run.stderr.text()
    );
    assert!(run.stdout.all().is_empty(), "{}", run.stdout.text());
}
