//! The process table is bounded: what finds it full is counted, and it heals.

use std::process::Stdio;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::owner::Owner;
use umbra_tests::process::Process;
use umbra_tests::skip::{skip, spared};

use crate::expect::{flow_of, nothing_lost};
use crate::names::{OPENAI, bed};

/// A few more than `IMAGES` has entries.
const CROWD: &str = "8300";

#[test]
fn a_full_table_is_counted_and_heals() {
    if spared("a crowd of 8,300 processes") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let owner = match Owner::new(&bed, OPENAI.name) {
        Ok(owner) => owner,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let lost = || agent.metrics().all("umbra_agent_losses_total");
    let full = |lost: &[(String, f64)]| -> f64 {
        let causes = lost
            .iter()
            .filter(|(cause, _)| cause.contains("image_table_full"));
        causes.map(|(_, count)| count).sum()
    };
    nothing_lost(&agent);

    let mut command = bed.command(&owner.exe);
    let mut crowd = Process::start(command.args(["crowd", CROWD]).stdin(Stdio::piped()));
    let stdin = crowd.stdin();
    crowd.said("crowd", Duration::from_mins(1));
    let done = owner.run(&bed, &[], "plain", OPENAI.port, &[]);
    // Its flow and its user are told all the same.
    let flow = flow_of(&agent, |event| event.process.pid == done.pid);
    assert_eq!((flow.open.name.as_str(), flow.open.user.uid), (OPENAI.name, 0));
    umbra_tests::wait::eventually(Duration::from_secs(10), || {
        let lost = lost();
        (full(&lost) > 100.0)
            .then_some(())
            .ok_or_else(|| format!("{lost:?}"))
    });

    drop(stdin);
    crowd.said("gone", Duration::from_mins(1));
    assert!(crowd.wait(Duration::from_secs(10)).success());
    let done = owner.run(&bed, &[], "plain", OPENAI.port, &[]);
    let flow = flow_of(&agent, |event| event.process.pid == done.pid);
    assert_eq!(flow.open.process.exe.as_deref(), owner.exe.to_str());
    assert!(agent.stop().success());
}
