//! What processes have taken, from `/proc/PID` (proc(5)), and children that do not outlive us.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

/// The kernel shows CPU time in ticks, of which a second has so many (`USER_HZ`).
const TICKS: f64 = 100.0;

/// A command that the kernel kills when we end, however we end; as `user`, when one is given.
pub(crate) fn bound(user: Option<&str>, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args([&format!("--reuid={user}"), "--regid=nogroup", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Asks a child of ours to end and waits for it; kills it when it does not within `limit`.
pub(crate) fn end(child: &mut Child, signal: Signal, limit: Duration) -> Result<ExitStatus> {
    // A child that has gone is still ours to wait for: its pid cannot be another's.
    let _ = kill_process(Pid::from_child(child), signal);
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    bail!("process {} did not end in {} s", child.id(), limit.as_secs())
}

/// CPU time of a process until now, user and system, in seconds.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    let stat = Stat::read(pid)?;
    Ok(stat.own / TICKS)
}

/// The same of a process and all that it started, whether they still run or it has waited for them.
pub(crate) fn cpu_of_tree(root: u32) -> Result<f64> {
    let mut stats = HashMap::new();
    for entry in fs::read_dir("/proc").context("cannot read /proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process may end in between.
        if let Ok(stat) = Stat::read(pid) {
            stats.insert(pid, stat);
        }
    }
    let below = |mut pid: u32| {
        while let Some(stat) = stats.get(&pid) {
            if pid == root {
                return true;
            }
            pid = stat.parent;
        }
        false
    };
    let tree = stats.iter().filter(|(pid, _)| below(**pid));
    Ok(tree.map(|(_, stat)| stat.own + stat.waited_for).sum::<f64>() / TICKS)
}

/// Resident memory (`VmRSS`), in KiB.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|value| value.trim().strip_suffix(" kB")?.trim().parse().ok())
        .with_context(|| format!("no VmRSS in {path}"))
}

/// Lets this process, and those that it starts, have as many files open as the system allows; gives how many.
pub(crate) fn allow_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    }
    // `None` is without a limit.
    .unwrap_or(u64::MAX)
}

/// A part of `/proc/PID/stat`; times are in ticks.
struct Stat {
    parent: u32,
    own: f64,
    waited_for: f64,
}

impl Stat {
    fn read(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}: has it ended?"))?;
        Self::parse(&text).with_context(|| format!("cannot understand {path}"))
    }

    /// Fields 4 and 14 to 17. The second field is the program's name in parentheses, which may itself hold spaces and
    /// parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: ticks(14)? + ticks(15)?,
            waited_for: ticks(16)? + ticks(17)?,
        })
    }
}

#[cfg(test)]
mod tests;
