//! What set a program off is told: a person over SSH, a job of cron, a terminal. By the servers themselves, in namespaces of
//! their own.

#[path = "origins/jobs.rs"]
mod jobs;
#[path = "origins/ssh.rs"]
mod ssh;

use umbra_tests::event::{Flow, Origin};
use umbra_tests::machine;
use umbra_tests::{Agent, TestBed};

use crate::expect::flow_of;
use crate::names::OPENAI;

/// The host, as the agent must tell it of what comes from there.
const PEER: &str = "127.0.0.9";

/// A command that makes one flow, which is known by its path.
fn fetch(bed: &TestBed, path: &str) -> String {
    let curl = machine::program("curl").unwrap_or_else(|why| panic!("{why}"));
    format!(
        "{} --silent --output /dev/null --cacert {} https://{}{path}",
        curl.display(),
        bed.authority().display(),
        OPENAI.name
    )
}

/// The flow that [`fetch`] made.
fn fetched(agent: &Agent, path: &str) -> Flow {
    flow_of(agent, |event| {
        let args = event.process.args.iter().flatten();
        event.process.program == "/usr/bin/curl" && args.last().is_some_and(|url| url.ends_with(path))
    })
}

fn ssh_from(peer: &str, tty: Option<String>) -> Origin {
    Origin {
        kind: "ssh".to_owned(),
        name: None,
        peer: peer.parse().ok(),
        tty,
    }
}
