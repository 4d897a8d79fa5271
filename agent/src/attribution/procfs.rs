//! Processes that the kernel programs did not see begin, from `/proc`.

use std::fs;

use umbra_agent_common::process::ARGUMENTS_MAX;

use super::image::{Image, split_arguments};

/// A process as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Start in clock ticks since boot.
    pub started_ticks: u64,
    /// Parent's id.
    pub parent: u32,
    /// Real user id.
    pub uid: u32,
    /// Login user id.
    pub login_uid: u32,
    /// What it executed.
    pub image: Image,
}

/// Clock ticks since boot of a time in nanoseconds: what `/proc/PID/stat` shows of it (proc(5)).
pub(super) fn ticks(ns: u64) -> u64 {
    ns / (1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Reads process `pid`; `None` when there is none.
pub(super) fn read(pid: u32) -> Option<Seen> {
    let process = procfs::process::Process::new(i32::try_from(pid).ok()?).ok()?;
    let stat = process.stat().ok()?;
    let text = |path: procfs::ProcResult<std::path::PathBuf>| {
        path.ok()
            .map(|path| path.to_string_lossy().into_owned())
            .filter(|path| path.starts_with('/'))
    };
    let mut arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let arguments_cut = arguments.len() > ARGUMENTS_MAX;
    arguments.truncate(ARGUMENTS_MAX);
    Some(Seen {
        started_ticks: stat.starttime,
        parent: u32::try_from(stat.ppid).unwrap_or(0),
        uid: process.status().ok()?.ruid,
        login_uid: process.loginuid().unwrap_or(u32::MAX),
        image: Image::new(
            text(process.exe()).map(|path| path.trim_end_matches(" (deleted)").to_owned()),
            split_arguments(&arguments),
            arguments_cut,
            text(process.cwd()),
        ),
    })
}

/// Whether `pid` is still the process that started at `started_ns` since boot: an id is used again.
pub(super) fn lives(pid: u32, started_ns: u64) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // Behind the name in parentheses, which may itself hold anything: field 3 on; the start is field 22 (proc(5)).
    let began = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19)?.parse().ok());
    began == Some(ticks(started_ns))
}

/// Ids of all processes now.
pub(super) fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}
