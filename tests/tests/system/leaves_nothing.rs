//! When the agent has gone, in whatever way, no program of it is left in the kernel.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine;
use umbra_tests::skip::{Need, ready};
use umbra_tests::wait::eventually;

use crate::names::{OPENAI, bed};

#[test]
fn nothing_is_left_attached() {
    let Some(bed) = bed(&[Need::Program("bpftool")]) else {
        return;
    };
    for killed in [false, true] {
        let mut agent = Agent::start(&Setup::default());
        let programs = programs_of(agent.process.pid());
        assert!(programs.len() >= 5, "the agent holds {programs:?}");
        for id in &programs {
            assert!(loaded(id), "program {id} is held and not loaded");
        }
        if killed {
            agent.process.kill();
            drop(agent);
        } else {
            assert!(agent.stop().success());
        }
        // The kernel frees programs some time after the last reference is gone.
        eventually(Duration::from_secs(5), || {
            let left: Vec<_> = programs.iter().filter(|id| loaded(id)).collect();
            left.is_empty()
                .then_some(())
                .ok_or_else(|| format!("{left:?} are left"))
        });
        // Traffic flows on without it.
        bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
    }
}

#[test]
fn a_kill_is_counted_by_the_next_agent() {
    if !ready(&[Need::Root, Need::Binary("umbra-agent")]) {
        return;
    }
    let spool = tempfile::tempdir().expect("a temporary folder");
    let setup = Setup {
        spool: Some(spool.path().to_owned()),
        ..Setup::default()
    };
    let kill_is_counted = |agent: &Agent| {
        agent
            .metrics()
            .get("umbra_agent_losses_total{cause=\"agent_killed\"}")
            > 0.0
    };
    let mut agent = Agent::start(&setup);
    assert!(!kill_is_counted(&agent));
    agent.process.kill();
    drop(agent);
    let agent = Agent::start(&setup);
    assert!(kill_is_counted(&agent));
    assert!(agent.stop().success());
    let agent = Agent::start(&setup);
    assert!(!kill_is_counted(&agent), "an orderly end is no kill");
    assert!(agent.stop().success());
}

/// Ids of the kernel programs that a process holds, itself or by a link.
fn programs_of(pid: u32) -> Vec<String> {
    let folder = Path::new("/proc").join(pid.to_string()).join("fdinfo");
    let mut ids: Vec<_> = fs::read_dir(folder)
        .expect("the agent runs")
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .filter_map(|info| {
            let id = info.lines().find_map(|line| line.strip_prefix("prog_id:"))?;
            Some(id.trim().to_owned())
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn loaded(id: &str) -> bool {
    machine::output(Command::new("bpftool").args(["prog", "show", "id", id])).is_ok()
}
