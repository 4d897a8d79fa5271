//! A storm of processes, each gone within milliseconds: all are known in full.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::Flow;
use umbra_tests::machine::{self, is_slow};
use umbra_tests::owner::Owner;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip};
use umbra_tests::wait::eventually;

use crate::expect::{TLS, check_name, nothing_lost};
use crate::names::{OPENAI, bed};

/// How long one may live, to be counted as short-lived.
const SHORT: Duration = Duration::from_millis(10);
/// How many must be short-lived. All are checked; on a busy machine a few live longer, so there are some more.
const SHORT_LIVED: usize = 2_000;
/// How many begin in one go.
const ROUND: usize = 1_100;
/// How often, at most.
const ROUNDS: usize = 5;
/// How many there are on an emulated processor, where they all live longer.
const ON_A_SLOW_MACHINE: usize = 200;

/// Users that they belong to.
const USERS: [u32; 4] = [0, 12_345, 12_346, 3_000_000_000];
/// Scripts that half of them run.
const SCRIPTS: usize = 5;
/// Processes that start them, at the same time.
const DRIVERS: usize = 2;

/// One of them: as it is called, and as it must be told.
struct Call {
    uid: u32,
    given: Vec<String>,
    args: Vec<String>,
    script: Option<String>,
}

/// One that has ended.
struct Ended {
    pid: u32,
    driver: u32,
    life: Duration,
    call: Call,
}

#[test]
fn a_storm_of_two_thousand_processes_is_known_in_full() {
    let Some(bed) = bed(&[Need::Program("bash")]) else {
        return;
    };
    let owner = match Owner::new(&bed, OPENAI.name) {
        Ok(owner) => owner,
        Err(why) => return skip(&why),
    };
    let scripts = write_scripts(&bed, &owner);
    let agent = Agent::start(&Setup::default());
    let mut all = Vec::new();
    let short_lived = |all: &[Ended]| all.iter().filter(|one| one.life < SHORT).count();
    if is_slow() {
        all = round(&bed, &owner, &scripts, 0, ON_A_SLOW_MACHINE);
    } else {
        for turn in 0..ROUNDS {
            if short_lived(&all) < SHORT_LIVED {
                all.extend(round(&bed, &owner, &scripts, turn * ROUND, ROUND));
            }
        }
    }
    let mut lives: Vec<_> = all.iter().map(|one| one.life).collect();
    lives.sort_unstable();
    let (count, short) = (all.len(), short_lived(&all));
    let (median, longest) = (lives[count / 2], lives[count - 1]);
    println!(
        "{count} processes lived {median:?} by the median and {longest:?} at most, {short} less than {SHORT:?}"
    );
    check(&agent, &bed, all);
    nothing_lost(&agent);
    // Only then was it a storm of short lives.
    assert!(
        short >= SHORT_LIVED || is_slow(),
        "{short} lived less than {SHORT:?}"
    );
    assert!(agent.stop().success());
}

fn write_scripts(bed: &TestBed, owner: &Owner) -> Vec<PathBuf> {
    let text = owner.bash(OPENAI.port).expect("bash is there");
    let scripts = (0..SCRIPTS).map(|number| bed.dir().join(format!("call-{number}.sh")));
    scripts
        .inspect(|script| {
            fs::write(script, &text)
                .and_then(|()| fs::set_permissions(script, fs::Permissions::from_mode(0o755)))
                .expect("the bed's own folder");
        })
        .collect()
}

/// Every other one of a driver's is a script, and every other script is called by a relative path.
fn call(owner: &Owner, scripts: &[PathBuf], turn: usize) -> Call {
    let (uid, mark) = (USERS[turn / 4 % USERS.len()], format!("turn-{turn}"));
    let exe = owner.exe.display().to_string();
    if (turn / DRIVERS).is_multiple_of(2) {
        let args = owner.args(&exe, "plain", OPENAI.port, &[&mark]);
        return Call {
            uid,
            given: args.clone(),
            args,
            script: None,
        };
    }
    let script = &scripts[turn % scripts.len()];
    let name = script.file_name().expect("a file").to_string_lossy();
    let called = if (turn / 4).is_multiple_of(2) {
        format!("./{name}")
    } else {
        script.display().to_string()
    };
    let bash = machine::program("bash")
        .expect("it is needed")
        .display()
        .to_string();
    Call {
        uid,
        given: vec![called.clone(), mark.clone()],
        args: vec![bash, called, mark],
        script: Some(script.display().to_string()),
    }
}

/// Runs `count` of them, numbered from `first`.
fn round(bed: &TestBed, owner: &Owner, scripts: &[PathBuf], first: usize, count: usize) -> Vec<Ended> {
    let drivers: Vec<_> = (first..first + DRIVERS)
        .map(|driver| {
            let turns = (driver..first + count).step_by(DRIVERS);
            let calls: Vec<_> = turns.map(|turn| call(owner, scripts, turn)).collect();
            let mut list = String::new();
            for call in &calls {
                let _ = writeln!(list, "{}\t{}", call.uid, call.given.join("\t"));
            }
            let file = bed.dir().join(format!("storm-{driver}"));
            fs::write(&file, list).expect("the bed's own folder");
            let process = Process::start(bed.command(&owner.exe).arg("storm").arg(file));
            (process, calls)
        })
        .collect();
    let ended = drivers.into_iter().flat_map(|(mut driver, calls)| {
        driver.succeed(Duration::from_mins(2));
        let said = driver.stdout.all();
        assert_eq!(said.len(), calls.len());
        let ended = said.into_iter().zip(calls).map(move |(line, call)| {
            let (pid, life) = line.split_once(' ').expect("pid and life");
            Ended {
                pid: pid.parse().expect("a pid"),
                driver: driver.pid(),
                life: Duration::from_nanos(life.parse().expect("a number")),
                call,
            }
        });
        ended.collect::<Vec<_>>()
    });
    ended.collect()
}

/// Each has one flow, of which all is known.
fn check(agent: &Agent, bed: &TestBed, all: Vec<Ended>) {
    let count = all.len();
    let mut wanted: HashMap<u32, Ended> = all.into_iter().map(|one| (one.pid, one)).collect();
    assert_eq!(wanted.len(), count, "a process id was used twice");
    let flows = eventually(Duration::from_secs(20), || {
        let flows = agent.flows(|event| wanted.contains_key(&event.process.pid));
        let closed = flows.iter().filter(|flow| flow.close.is_some()).count();
        let begun = flows.len();
        (closed == count).then_some(flows).ok_or_else(|| {
            let metrics = agent.metrics();
            let mut counts = metrics.all("umbra_agent_losses_total");
            counts.extend(metrics.all("umbra_agent_kernel_total"));
            format!("{closed} of {count} flows were seen to their end, {begun} begun; {counts:?}")
        })
    });
    for Flow { open, .. } in &flows {
        let (process, user) = (&open.process, &open.user);
        let one = wanted
            .remove(&process.pid)
            .unwrap_or_else(|| panic!("two flows: {open:?}"));
        check_name(open, TLS, &OPENAI);
        assert_eq!(process.exe.as_ref(), one.call.args.first(), "{process:?}");
        assert_eq!(process.args.as_ref(), Some(&one.call.args), "{process:?}");
        assert_eq!(process.script, one.call.script, "{process:?}");
        assert_eq!(process.ppid, Some(one.driver), "{process:?}");
        assert_eq!(process.cwd.as_deref(), bed.dir().to_str(), "{process:?}");
        assert_eq!(
            (user.uid, user.gid),
            (one.call.uid, Some(one.call.uid)),
            "{open:?}"
        );
    }
    assert!(wanted.is_empty());
}
