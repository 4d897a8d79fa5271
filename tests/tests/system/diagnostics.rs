//! The kernel programs speak of their own work when asked to, and never name names.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::skip::spared;

use crate::expect::agreement;
use crate::names::{OPENAI, OUTSIDE, bed};

/// What the program at egress says of a catalogue flow.
const NAMED: &str = "named, pattern";
/// What the one at connect says of any.
const OPENED: &str = "flow opened by pid";

#[test]
fn diagnostics_are_off_unless_asked_for() {
    if spared("diagnostics") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    // A path for each, by which the server's account of it is found: ports come again.
    for (more, path, named_too, opened_too) in [
        ("", "/bytes/1000", false, false),
        ("[probes]\nlog = \"debug\"\n", "/bytes/1001", true, false),
        ("[probes]\nlog = \"trace\"\n", "/bytes/1002", true, true),
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
        let run = bed.run(&named("curl"), &Call::to(OPENAI.name, path));
        bed.run(&named("curl"), &Call::to(OUTSIDE[0].1, path));
        let pid = run.process.pid();
        let flows = agreement(
            &agent,
            &bed,
            |event| event.process.pid == pid,
            |truth| truth.name.as_deref() == Some(OPENAI.name) && truth.path.as_deref() == Some(path),
        );
        assert_eq!(flows.len(), 1);
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
