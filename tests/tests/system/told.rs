//! What `umbra-agent run` says to a person, and to a program that reads it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, Turn, configure, free_port};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine;
use umbra_tests::process::bound;
use umbra_tests::skip::{Need, spared};
use umbra_tests::terminal::Terminal;
use umbra_tests::wait::eventually;

use crate::names::{OPENAI, bed};

const SOON: Duration = Duration::from_secs(15);

/// The agent, left to choose what it prints.
fn run(config: &Path) -> Command {
    let agent = machine::binary("umbra-agent").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound(agent);
    command.args(["run", "--config"]).arg(config);
    command
}

#[test]
fn a_person_at_a_terminal_reads_how_it_goes() {
    if spared("what the agent says in a terminal") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, own) = (
        tempfile::tempdir().expect("a temporary folder"),
        tempfile::tempdir().expect("a temporary folder"),
    );
    let collector = Collector::start(data.path(), None);
    let _turn = Turn::take();
    let setup = Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    };
    let config = configure(&setup, own.path(), free_port());
    let mut terminal = Terminal::start(&mut run(&config));
    terminal.shows(
        &[
            "umbra-agent: loading 11 programs into the kernel",
            "umbra-agent: attached in",
            "watching this host",
            &format!("the collector at {}", collector.url()),
            "takes what this host reports",
        ],
        SOON,
    );
    bed.start(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"))
        .succeed();
    let text = terminal.shows(&["OpenAI API  api.openai.com  by", "closed:"], SOON);
    assert!(!text.contains('{'), "{text}");
    terminal.interrupt();
    assert!(terminal.ended(SOON).success());
    assert!(collector.stop().success());
}

#[test]
fn a_program_reads_ndjson_without_asking_for_it() {
    if spared("what the agent says to a program") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start_as(&Setup::default(), run);
    let client = bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
    let pid = client.process.pid();
    eventually(SOON, || {
        let flows = agent.flows(|event| event.process.pid == pid);
        let told = flows.len() == 1 && flows[0].close.is_some();
        told.then_some(()).ok_or_else(|| format!("{flows:?}"))
    });
    let said = agent.process.stderr.all().join("\n");
    assert!(!said.contains("loading"), "progress is for people: {said}");
    assert!(agent.stop().success());
}
