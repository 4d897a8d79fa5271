//! `check` and `match`, as a person runs them.

use std::process::Command;

use umbra_tests::machine::binary;
use umbra_tests::skip::{Need, ready, spared};

/// Widest line on an ordinary terminal.
const COLUMNS: usize = 80;

#[test]
fn check_says_that_this_host_is_fit() {
    if !ready(&[Need::Root, Need::Binary("umbra-agent")]) {
        return;
    }
    let (code, said) = run(&mut agent(&["check"]));
    assert_eq!(code, Some(0), "{said}");
    for subject in [
        "kernel",
        "type information",
        "capabilities",
        "cgroup v2",
        "umbra_egress",
        "umbra_connect4",
    ] {
        let row = said
            .lines()
            .find(|line| line.get(8..).is_some_and(|row| row.starts_with(subject)));
        assert!(
            row.is_some_and(|row| row.starts_with("ok ")),
            "{subject} in\n{said}"
        );
    }
    assert!(said.contains("ready"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= COLUMNS), "{said}");
}

#[test]
fn check_says_what_is_in_the_way() {
    if !ready(&[Need::Root, Need::Binary("umbra-agent")]) {
        return;
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all", "--"]);
    command
        .arg(binary("umbra-agent").expect("it is ready"))
        .arg("check");
    let (code, said) = run(&mut command);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED  capabilities"), "{said}");
    assert!(said.contains("run umbra-agent as root"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn match_says_what_the_catalogue_says() {
    if spared("what the catalogue says") {
        return;
    }
    if !ready(&[Need::Binary("umbra-agent")]) {
        return;
    }
    let (code, said) = run(&mut agent(&[
        "match",
        "API.OpenAI.com.",
        "eu-west-1-aiplatform.googleapis.com",
    ]));
    assert_eq!(code, Some(0), "{said}");
    for text in [
        "OpenAI",
        "OpenAI API",
        "Google",
        "Vertex AI",
        "*-aiplatform.googleapis.com",
        "headquarters",
    ] {
        assert!(said.contains(text), "{text} in\n{said}");
    }
    let (code, said) = run(&mut agent(&["match", "notopenai.com"]));
    assert_eq!(code, Some(1), "as grep: {said}");
    assert!(said.contains("not in the catalogue"), "{said}");
}

fn agent(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("umbra-agent").expect("it is ready"));
    command.args(arguments);
    command
}

/// Exit code, and stdout and stderr together.
fn run(command: &mut Command) -> (Option<i32>, String) {
    let done = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (done.status.code(), said.concat())
}
