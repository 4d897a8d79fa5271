//! A process that still runs, held so that its id cannot come to mean another one.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::OwnedFd,
};

use rustix::fs::{Mode, OFlags, fstat, open, openat, readlinkat};

use super::root::{Opened, Root};
use crate::attribution::procfs;

/// Longest `/proc/PID/stat` (proc(5)): 52 numbers and a name.
const STAT_MAX: u64 = 4_096;

/// Its directory in `/proc`, which belongs to it alone: once it has gone, nothing can be read there.
pub(super) struct Live(OwnedFd);

impl Live {
    /// Process `pid`, if it is the one that started at `started_ns` since boot (to a clock tick).
    pub(super) fn find(pid: u32, started_ns: u64) -> Option<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let live = Self(open(format!("/proc/{pid}"), flags, Mode::empty()).ok()?);
        let mut stat = String::new();
        live.open("stat")
            .ok()?
            .take(STAT_MAX)
            .read_to_string(&mut stat)
            .ok()?;
        (start_ticks(&stat)? == procfs::ticks(started_ns)).then_some(live)
    }

    /// Its root directory.
    pub(super) fn root(&self) -> io::Result<Root> {
        Root::open_at(&self.0, "root")
    }

    /// What it executes, if that was `path` when it was: by now it may be something else.
    pub(super) fn executable(&self, path: &str) -> Option<Opened> {
        let link = readlinkat(&self.0, "exe", Vec::new()).ok()?.into_string().ok()?;
        let place = link.strip_suffix(" (deleted)").unwrap_or(&link);
        if place != path {
            return None;
        }
        let file = self.open("exe").ok()?;
        Some(Opened {
            stat: fstat(&file).ok()?,
            path: place.to_owned(),
            file,
            running: true,
        })
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::empty())?.into())
    }
}

/// Behind the name in parentheses, which may itself hold anything: field 3 on; the start is field 22 (proc(5)).
fn start_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}
