//! A storm of processes, each gone within milliseconds: all are known in full.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::machine::{self, is_slow};
use umbra_tests::owner::Owner;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip};
use umbra_tests::wait::eventually;

use crate::expect::{TLS, check_name, nothing_lost};
use crate::names::{OPENAI, bed};

/// How long one may live, to be counted as short-lived.
const SHORT: Duration = Duration::from_millis(10);
/// How many must be short-lived, where the processor is not emulated.
const SHORT_LIVED: usize = 2_000;
/// How many there are, because a few live longer on a busy machine.
const COUNT: usize = 2_200;
/// How many there are on an emulated processor, where they all live longer.
const SLOW_COUNT: usize = 200;
/// Users that they belong to.
const USERS: [u32; 4] = [0, 12_345, 12_346, 3_000_000_000];
/// Scripts that half of them run.
const SCRIPTS: usize = 5;
/// Processes that start them, at the same time.
const DRIVERS: usize = 2;

/// What one of them must be told as.
struct Expected {
    driver: u32,
    exe: String,
    args: Vec<String>,
    script: Option<String>,
    uid: u32,
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
    let count = if is_slow() { SLOW_COUNT } else { COUNT };
    let scripts: Vec<_> = (0..SCRIPTS)
        .map(|number| bed.dir().join(format!("call-{number}.sh")))
        .collect();
    for script in &scripts {
        let text = owner.bash(OPENAI.port).expect("bash is there");
        fs::write(script, text)
            .and_then(|()| fs::set_permissions(script, fs::Permissions::from_mode(0o755)))
            .expect("the bed's own folder");
    }
    let (exe, bash) = (
        owner.exe.display().to_string(),
        machine::program("bash").expect("it is needed"),
    );
    let agent = Agent::start(&Setup::default());

    let mut drivers = Vec::new();
    for driver in 0..DRIVERS {
        let (mut list, mut expected) = (String::new(), Vec::new());
        for turn in (driver..count).step_by(DRIVERS) {
            let (uid, mark) = (USERS[turn / 2 % USERS.len()], format!("turn-{turn}"));
            let script = &scripts[turn % SCRIPTS];
            // As the script's own name, every other one is relative.
            let name = script.file_name().expect("a file").to_string_lossy();
            let called = if turn % 4 == 1 {
                format!("./{name}")
            } else {
                script.display().to_string()
            };
            let by_script = turn / DRIVERS % 2 == 1;
            let (given, args) = if by_script {
                let kernels = [bash.display().to_string(), called.clone(), mark.clone()];
                (vec![called, mark], kernels.to_vec())
            } else {
                let args = owner.args(&exe, "plain", OPENAI.port, &[&mark]);
                (args.clone(), args)
            };
            let _ = writeln!(list, "{uid}\t{}", given.join("\t"));
            expected.push(Expected {
                driver: 0,
                exe: args[0].clone(),
                args,
                script: by_script.then(|| script.display().to_string()),
                uid,
            });
        }
        let file = bed.dir().join(format!("storm-{driver}"));
        fs::write(&file, list).expect("the bed's own folder");
        drivers.push((file, expected));
    }
    let mut running: Vec<_> = drivers
        .into_iter()
        .map(|(file, expected)| {
            let process = Process::start(bed.command(&owner.exe).arg("storm").arg(file));
            (process, expected)
        })
        .collect();

    let (mut wanted, mut lives) = (HashMap::new(), Vec::new());
    for (driver, expected) in &mut running {
        assert!(
            driver.wait(Duration::from_mins(2)).success(),
            "{}",
            driver.stderr.text()
        );
        let lines = driver.stdout.all();
        assert_eq!(lines.len(), expected.len());
        for (line, one) in lines.iter().zip(expected.drain(..)) {
            let (pid, life) = line.split_once(' ').expect("pid and life");
            lives.push(Duration::from_nanos(life.parse().expect("a number")));
            let driver = driver.pid();
            let is_new = wanted.insert(pid.parse::<u32>().expect("a pid"), Expected { driver, ..one });
            assert!(is_new.is_none(), "the id {pid} was used twice");
        }
    }
    lives.sort_unstable();
    let (median, longest) = (lives[lives.len() / 2], lives[lives.len() - 1]);
    let under = lives.partition_point(|life| *life < SHORT);
    println!(
        "{count} processes lived {median:?} by the median, {longest:?} at most, {under} of them less than {SHORT:?}"
    );

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
    for flow in &flows {
        let process = &flow.open.process;
        let expected = wanted
            .remove(&process.pid)
            .unwrap_or_else(|| panic!("two flows: {flow:?}"));
        check_name(&flow.open, TLS, &OPENAI);
        assert_eq!(process.exe.as_deref(), Some(expected.exe.as_str()), "{process:?}");
        assert_eq!(process.args.as_ref(), Some(&expected.args), "{process:?}");
        assert_eq!(process.script, expected.script, "{process:?}");
        assert_eq!(process.ppid, Some(expected.driver), "{process:?}");
        assert_eq!(process.cwd.as_deref(), bed.dir().to_str(), "{process:?}");
        assert_eq!(flow.open.user.uid, expected.uid, "{flow:?}");
        assert_eq!(flow.open.user.gid, Some(expected.uid), "{flow:?}");
    }
    assert!(wanted.is_empty());
    nothing_lost(&agent);
    assert!(
        under >= SHORT_LIVED || is_slow(),
        "{under} lived less than {SHORT:?}"
    );
    assert!(agent.stop().success());
}
