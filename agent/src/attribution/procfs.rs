//! Processes that the kernel programs did not see begin, from `/proc`.

use std::{fs, os::unix::fs::MetadataExt as _, process};

use umbra_agent_common::process::{ARGUMENTS_MAX, NO_SESSION, Namespaces};

use super::image::{Executed, Image, split_arguments};

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
    /// Number of its login session, or [`NO_SESSION`].
    pub session_id: u32,
    /// Where it is.
    pub namespaces: Namespaces,
    /// Its controlling terminal, as the kernel's records have it.
    pub terminal: u32,
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
    let mut image = Image::new(
        text(process.exe()).map(|path| path.trim_end_matches(" (deleted)").to_owned()),
        split_arguments(&arguments),
        arguments_cut,
        text(process.cwd()),
    );
    image.file = executed(pid);
    Some(Seen {
        started_ticks: stat.starttime,
        parent: u32::try_from(stat.ppid).unwrap_or(0),
        uid: process.status().ok()?.ruid,
        login_uid: process.loginuid().unwrap_or(u32::MAX),
        session_id: fs::read_to_string(format!("/proc/{pid}/sessionid"))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(NO_SESSION),
        namespaces: namespaces(pid),
        terminal: terminal(stat.tty_nr.cast_unsigned()),
        image,
    })
}

/// Device number of a terminal from `/proc/PID/stat` (`new_encode_dev`, `include/linux/kdev_t.h`), in the kernel's own
/// form.
fn terminal(number: u32) -> u32 {
    let (major, minor) = (number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00);
    major << 20 | minor
}

/// Where `pid` is now: its links look like `net:[4026531840]` (namespaces(7)).
pub(super) fn namespaces(pid: u32) -> Namespaces {
    let number = |kind: &str| {
        let link = fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()?;
        let number = link.to_str()?.split(['[', ']']).nth(1)?;
        number.parse().ok()
    };
    let number = |kind| number(kind).unwrap_or(0);
    Namespaces {
        pid: number("pid"),
        net: number("net"),
        mnt: number("mnt"),
        user: number("user"),
    }
}

/// Which file `pid` executes. Never the kernel's own threads, which have none.
fn executed(pid: u32) -> Option<Executed> {
    let file = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    Some(Executed {
        device: file.dev(),
        inode: file.ino(),
        nameless: Some(file.nlink() == 0),
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

/// A process whose root directory and mount namespace are the host's: init, because our own may be narrowed
/// (`ProtectHome=`, `PrivateTmp=`); ourselves where a security module keeps those of init from us, even from root.
pub(super) fn host() -> u32 {
    if namespaces(1).mnt == 0 { process::id() } else { 1 }
}

/// The host's root directory.
pub(super) fn host_root() -> String {
    format!("/proc/{}/root", host())
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
