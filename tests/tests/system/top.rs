//! What a person at the host's own terminal sees of it.

use std::process::Command;
use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, Turn};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine;
use umbra_tests::process::bound;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::terminal::Terminal;
use umbra_tests::wait::eventually;

use crate::collector_away::folder;
use crate::enrol::{make_token, setup};
use crate::names::{ANTHROPIC, BED, OPENAI, bed};

const SOON: Duration = Duration::from_secs(15);

fn top() -> Command {
    let agent = machine::binary("umbra-agent").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound(agent);
    command.arg("top");
    command
}

#[test]
fn a_person_sees_who_calls_whom_now() {
    if spared("the table in a terminal") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let mut terminal = Terminal::start(&mut top());
    terminal.shows(
        &["lost: nothing", "no program of this host has used a vendor"],
        SOON,
    );

    let mut long = bed.start(&named("curl"), &Call::to(OPENAI.name, "/slow/60/1000"));
    bed.start(&named("curl"), &Call::to(ANTHROPIC.name, "/bytes/1000"))
        .succeed();
    let text = terminal.shows(
        &["OpenAI", "Anthropic", "curl", "root", "1 open of 2 flows"],
        SOON,
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // The long flow's bytes grow while it lives, and are told as such.
    eventually(SOON, || {
        let text = terminal.text();
        let openai = text
            .lines()
            .find(|line| line.starts_with("OpenAI"))
            .map(str::to_owned);
        openai
            .filter(|line| line.contains(" kB "))
            .ok_or(format!("no bytes came in\n{text}"))
    });

    // What one of them is: filtered, chosen, opened.
    terminal.press("/anthropic\r");
    eventually(SOON, || {
        let text = terminal.text();
        (!text.contains("OpenAI")).then_some(()).ok_or(text)
    });
    terminal.press("\r");
    // Files of a mount namespace that went with its program cannot be hashed: one that lives for a second can.
    let details = [
        "api.anthropic.com (by tls_sni)",
        "Claude API (api)",
        "SHA-256",
        "curl",
    ];
    eventually(SOON, || {
        let text = terminal.text();
        if details.iter().all(|detail| text.contains(detail)) {
            return Ok(());
        }
        bed.start(&named("curl"), &Call::to(ANTHROPIC.name, "/slow/1/1000"))
            .succeed();
        Err(text)
    });
    terminal.press("\u{1b}");
    terminal.shows(&["rows with \"anthropic\" alone"], SOON);

    // An agent that stops is said to, and the next one is found.
    assert!(agent.stop().success());
    terminal.shows(&["the agent is not heard"], SOON);
    let agent = Agent::start(&Setup::default());
    terminal.shows(&["no program of this host has used a vendor"], SOON);
    terminal.press("q");
    assert!(terminal.ended(SOON).success());

    // For a script: one table, and the end.
    bed.start(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"))
        .succeed();
    eventually(SOON, || {
        let output = top().arg("--once").output().expect("the agent's program");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = output.status.success() && text.contains("OpenAI") && text.contains("curl");
        told.then_some(()).ok_or(text)
    });
    let output = top().output().expect("the agent's program");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.contains("top needs a terminal") && error.contains("--once"),
        "{error}"
    );
    long.process.kill();
    assert!(agent.stop().success());
    assert!(
        !std::path::Path::new("/run/umbra-agent.sock").exists(),
        "left behind"
    );
}

#[test]
fn a_person_sees_what_the_collector_decided() {
    if spared("verdicts in a terminal") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &["--uses", "1", "--host-label", "env=prod"]);
    let agent = Agent::start(&setup(&collector, spool.path(), &token));
    let mut terminal = Terminal::start(&mut top());
    bed.start(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"))
        .succeed();
    let text = terminal.shows(&["VERDICT", "curl", "unreviewed"], SOON);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");

    // What is decided meanwhile shows, also for whom the sanction is about by the host's label.
    let policy = data.path().join("policy.toml");
    let text = "version = 1\n[[sanction]]\nid = \"tools\"\nverdict = \"sanctioned\"\nvendor = \"OpenAI\"\n\
                host_label = \"env=prod\"\ndata = \"internal\"\nreason = \"The plan\"\napprover = \"Ada\"\n";
    std::fs::write(&policy, text).expect("a file");
    Collector::told(data.path(), &["policy", "apply", &policy.to_string_lossy()]);
    terminal.shows(&["curl", "sanctioned"], 2 * SOON);
    terminal.press("\r");
    terminal.shows(&["sanctioned by tools (policy version 1, asked at"], SOON);
    let output = top().arg("--once").output().expect("the agent's program");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("VERDICT") && text.contains("sanctioned"), "{text}");

    // A collector that has gone is said to be, and what it said stands.
    assert!(collector.stop().success());
    bed.start(&named("python"), &Call::to(OPENAI.name, "/bytes/1000"))
        .succeed();
    terminal.press("\u{1b}");
    terminal.shows(&["curl", "sanctioned", "python"], SOON);
    terminal.press("q");
    assert!(terminal.ended(SOON).success());
    assert!(agent.stop().success());
}

#[test]
fn without_an_agent_top_says_what_to_do() {
    if spared("a terminal without an agent") {
        return;
    }
    if !ready(&BED) {
        return;
    }
    let _turn = Turn::take();
    let output = top().output().expect("the agent's program");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("no agent runs on this host"), "{error}");
    assert!(error.contains("umbra-agent run"), "{error}");
}
