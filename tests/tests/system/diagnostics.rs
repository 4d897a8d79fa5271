//! The kernel programs speak of their own work when asked to, and never name names.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};

use crate::expect::agreement;
use crate::names::{OPENAI, OUTSIDE, bed};

/// What the program at egress says of a catalogue flow.
const NAMED: &str = "named, pattern";
/// What the one at connect says of any.
const OPENED: &str = "flow opened by pid";

#[test]
fn diagnostics_are_off_unless_asked_for() {
    let Some(bed) = bed(&[]) else { return };
    for (more, named_too, opened_too) in [
        ("", false, false),
        ("[probes]\nlog = \"debug\"\n", true, false),
        ("[probes]\nlog = \"trace\"\n", true, true),
    ] {
        // The agent's own filter lets everything of the kernel's through.
        let mut agent = Agent::start_as(
            &Setup {
                more: more.to_owned(),
                ..Setup::default()
            },
            |config| {
                let mut command = umbra_tests::agent::command(config);
                command.env("RUST_LOG", "trace,hyper=off,hickory_resolver=off");
                command
            },
        );
        let run = bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
        bed.run(&named("curl"), &Call::to(OUTSIDE[0].1, "/bytes/1000"));
        let pid = run.process.pid();
        let path = |truth: &umbra_tests::truth::Connection| truth.name.as_deref() == Some(OPENAI.name);
        let flows = agreement_of(&agent, &bed, pid, path);
        assert_eq!(flows, 1);
        if named_too {
            agent.process.said(NAMED, Duration::from_secs(10));
        }
        if opened_too {
            agent
                .process
                .said(&format!("{OPENED} {pid}"), Duration::from_secs(10));
        }
        let told = agent.process.stderr.text();
        assert_eq!(told.contains(NAMED), named_too, "{told}");
        assert_eq!(told.contains(OPENED), opened_too, "{told}");
        assert!(!told.contains(OUTSIDE[0].1), "{told}");
        assert!(agent.stop().success());
    }
}

/// Flows of the process, once agent and server agree on the last connection.
fn agreement_of(
    agent: &Agent,
    bed: &umbra_tests::TestBed,
    pid: u32,
    wanted: impl Fn(&umbra_tests::truth::Connection) -> bool,
) -> usize {
    let last = bed
        .connections()
        .into_iter()
        .rfind(|truth| wanted(truth))
        .map(|truth| truth.peer);
    let is_last = |truth: &umbra_tests::truth::Connection| Some(truth.peer) == last;
    agreement(agent, bed, |event| event.process.pid == pid, is_last).len()
}
