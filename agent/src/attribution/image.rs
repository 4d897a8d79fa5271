//! What a process executed, in user space's types.

use std::{net::IpAddr, sync::OnceLock};

use umbra_agent_common::process::{CUT_ARGUMENTS, INTERPRETED, Image as Record, LINKS_UNKNOWN, PATH_MAX};
use umbra_report::Program;

use super::program;

/// What a process executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Path of the executable file, in the process's mount namespace.
    pub executable: Option<String>,
    /// Arguments, the first of which is the name that the program was called by.
    pub arguments: Vec<String>,
    /// There were more arguments than were kept.
    pub arguments_cut: bool,
    /// Working directory at exec.
    pub directory: Option<String>,
    /// Which file the executable is.
    pub file: Option<Executed>,
    /// What was given to `execve`: a path before links are followed, relative to the directory when it does not begin
    /// with `/`. `None`: it was not seen, or is longer than 255 bytes.
    pub given: Option<String>,
    /// That is a script, and the kernel started an interpreter for it (`#!`, `binfmt_misc`).
    pub is_script: bool,
    /// Whom it serves, when its standard input is a connection: sshd, and what `inetd` or systemd starts for each one.
    pub peer: Option<IpAddr>,
    program: OnceLock<Program>,
}

/// A file that was executed, whatever its path leads to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Executed {
    /// Device of its file system. That is what stat(2) says (`st_dev`), but on btrfs and overlayfs, whose files each
    /// have devices of their own.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// It had no name any more at exec, or never had one: deleted, or in memory (memfd). `None`: not known.
    pub nameless: Option<bool>,
}

impl Executed {
    fn from_record(record: &Record) -> Option<Self> {
        // The kernel's own form (`MKDEV`, include/linux/kdev_t.h): 20 bits minor.
        let (major, minor) = (record.device >> 20, record.device & 0xf_ffff);
        (record.inode != 0).then(|| Self {
            device: rustix::fs::makedev(major, minor),
            inode: record.inode,
            nameless: (record.links != LINKS_UNKNOWN).then_some(record.links == 0),
        })
    }
}

impl Image {
    /// Of a process as `/proc` shows it.
    pub fn new(
        executable: Option<String>,
        arguments: Vec<String>,
        arguments_cut: bool,
        directory: Option<String>,
    ) -> Self {
        Self {
            executable,
            arguments,
            arguments_cut,
            directory,
            file: None,
            given: None,
            is_script: false,
            peer: None,
            program: OnceLock::new(),
        }
    }

    /// What a person would say runs; found out once.
    pub fn program(&self) -> &Program {
        self.program.get_or_init(|| program::of(self))
    }

    /// The path that the program itself was called by; of a script's interpreter nothing is known but its arguments.
    pub fn called(&self) -> Option<&String> {
        let given = self.given.as_ref().filter(|_| !self.is_script);
        given.or(self.arguments.first())
    }

    /// From the kernel's record. Bytes that are not UTF-8 are replaced.
    pub fn from_record(record: &Record) -> Self {
        let length = (record.arguments_length as usize).min(record.arguments.len());
        let given = record.given.split(|byte| *byte == 0).next().unwrap_or_default();
        Self {
            file: Executed::from_record(record),
            peer: peer(record),
            given: (record.given_length > 1).then(|| String::from_utf8_lossy(given).into_owned()),
            is_script: record.flags & INTERPRETED != 0,
            ..Self::new(
                path(&record.executable, record.executable_start),
                split_arguments(&record.arguments[..length]),
                record.flags & CUT_ARGUMENTS != 0,
                path(&record.directory, record.directory_start),
            )
        }
    }
}

/// Families as in `include/linux/socket.h`. A server that listens for both has IPv4 clients as `::ffff:192.0.2.1`.
fn peer(record: &Record) -> Option<IpAddr> {
    let [a, b, c, d, ..] = record.peer;
    let address = match record.peer_family {
        2 => IpAddr::from([a, b, c, d]),
        10 => IpAddr::from(record.peer).to_canonical(),
        _ => return None,
    };
    // What only listens is connected to nobody.
    (!address.is_unspecified()).then_some(address)
}

/// Arguments lie one behind the other, each ended by a zero byte; the last one may be cut.
pub(super) fn split_arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

fn path(buffer: &[u8; PATH_MAX], start: u32) -> Option<String> {
    let path = buffer.get(start as usize..)?;
    (!path.is_empty()).then(|| String::from_utf8_lossy(path).into_owned())
}
