//! What a process has taken, from `/proc/PID` (proc(5)).

use std::fs;

use anyhow::{Context as _, Result};

/// CPU time of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cpu {
    /// User and system time, in seconds. The kernel shows ticks, of which a second has 100 (`USER_HZ`).
    pub(super) ticks: f64,
    /// The scheduler's own account of all living threads, in seconds: the same time to the nanosecond.
    pub(super) exact: f64,
}

/// Resident memory of a process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    /// Now.
    pub(super) resident: u64,
    /// At its most.
    pub(super) peak: u64,
    /// Now, without pages of files, such as the program's own code.
    pub(super) anonymous: u64,
}

/// CPU time until now.
pub(super) fn cpu(pid: u32) -> Result<Cpu> {
    let path = format!("/proc/{pid}/stat");
    let ticks = ticks(&read(&path)?).with_context(|| format!("cannot understand {path}"))?;
    let folder = format!("/proc/{pid}/task");
    let mut exact = 0;
    for task in fs::read_dir(&folder).with_context(|| format!("cannot read {folder}"))? {
        let path = task?.path().join("schedstat");
        // A thread may end in between.
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        exact += nanoseconds(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    Ok(Cpu {
        ticks: ticks as f64 / 100.0,
        exact: exact as f64 / 1e9,
    })
}

/// Resident memory.
pub(super) fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let text = read(&path)?;
    let field = |name| kibibytes(&text, name).with_context(|| format!("no `{name}` in {path}"));
    Ok(Memory {
        resident: field("VmRSS")?,
        peak: field("VmHWM")?,
        anonymous: field("RssAnon")?,
    })
}

/// User and system time in `/proc/PID/stat`, in ticks: fields 14 and 15. The second field is the program's name in
/// parentheses, which may itself hold spaces and parentheses.
pub(super) fn ticks(stat: &str) -> Option<u64> {
    sum(stat, 2)
}

/// The same with the time of its children that have ended and were waited for: fields 14 to 17.
pub(super) fn ticks_of_all(stat: &str) -> Option<u64> {
    sum(stat, 4)
}

/// Of so many fields from the 14th on.
fn sum(stat: &str, fields: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut numbers = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    (0..fields).map(|_| numbers.next()?.ok()).sum()
}

/// CPU time of this process and of its children that have ended, in seconds.
pub(super) fn own_and_childrens() -> Result<f64> {
    let ticks = ticks_of_all(&read("/proc/self/stat")?).context("cannot understand /proc/self/stat")?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    Ok(ticks as f64 / 100.0)
}

/// Time on a processor in `/proc/PID/task/TID/schedstat`, in nanoseconds: the first field.
pub(super) fn nanoseconds(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/PID/status` in KiB.
pub(super) fn kibibytes(status: &str, field: &str) -> Option<u64> {
    status.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name == field).then(|| value.trim().strip_suffix(" kB")?.trim().parse().ok())?
    })
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}: has the agent ended?"))
}
