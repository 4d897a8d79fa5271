//! The process table: `PROCESSES` under [`ProcessKey`], and what each executed in `IMAGES` under [`ImageKey`].
//!
//! A fork without an exec shares its parent's image. Entries of processes that opened a flow or forked stay until the
//! agent sweeps them, so that a process that is gone is still known; those of others go when the process does, so that
//! a thousand compilers a second do not fill the tables.

/// A process: its id and its start, because an id is used again.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey {
    /// Start in ns since boot (`task_struct.start_boottime` of the thread group's leader).
    pub started_ns: u64,
    /// Thread group id in the first pid namespace.
    pub pid: u32,
    /// Zero.
    pub reserved: u32,
}

/// One call of `execve`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageKey {
    /// When, in ns since boot; 0: no image is known.
    pub executed_ns: u64,
    /// The process that executed.
    pub pid: u32,
    /// Zero.
    pub reserved: u32,
}

/// A process that ran or runs.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its parent at fork.
    pub parent: ProcessKey,
    /// What it runs.
    pub image: ImageKey,
    /// When its last thread ended, in ns since boot; 0: it runs.
    pub exited_ns: u64,
    /// Id of its cgroup (v2) at fork or exec.
    pub cgroup: u64,
    /// User id in the first user namespace, at fork or exec.
    pub uid: u32,
    /// Login user id (`/proc/PID/loginuid`); [`NO_LOGIN`]: none.
    pub login_uid: u32,
    /// Forks of it; at least one, when it is not 0.
    pub children: u32,
    /// Flows of any name that it opened; at least one, when it is not 0.
    pub flows: u32,
    /// Group id in the first user namespace, at fork or exec.
    pub gid: u32,
    /// Number of the login session (`/proc/PID/sessionid`); [`NO_SESSION`]: none.
    pub session_id: u32,
    /// Where it is, at fork, exec or the last `connect` of TCP.
    pub namespaces: Namespaces,
    /// Its controlling terminal at fork or exec, in the kernel's own form: 12 bits major, 20 bits minor; 0: none.
    pub terminal: u32,
    /// Zero.
    pub reserved: u32,
}

/// Namespaces of a process by their inode numbers, as `/proc/PID/ns` shows them; 0: not known.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// Of process ids: the innermost.
    pub pid: u32,
    /// Of networks.
    pub net: u32,
    /// Of mounts.
    pub mnt: u32,
    /// Of users.
    pub user: u32,
}

/// No login session (`AUDIT_SID_UNSET`, `include/uapi/linux/audit.h`).
pub const NO_SESSION: u32 = u32::MAX;

/// No user logged in: the process descends from a service.
pub const NO_LOGIN: u32 = u32::MAX;

/// The kernel lacks what tells the user; no user has this id (`INVALID_UID`, `include/linux/uidgid.h`).
pub const NO_USER: u32 = u32::MAX;

/// Longest path kept, in bytes; of a longer one the end is kept.
pub const PATH_MAX: usize = 1024;
/// Bytes of arguments kept.
pub const ARGUMENTS_MAX: usize = 4096;
/// Longest path given to `execve` kept, with the zero byte behind it; a longer one is not known.
pub const GIVEN_MAX: usize = 256;

/// What a process executed.
///
/// Paths are those of the process's mount namespace, up to its root (a `chroot` is not hidden), as the kernel resolved
/// them. They fill their buffer from the end: `executable[executable_start..]`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Image {
    /// First byte of the path in `executable`; [`PATH_MAX`]: not known.
    pub executable_start: u32,
    /// First byte of the path in `directory`; [`PATH_MAX`]: not known.
    pub directory_start: u32,
    /// Bytes in `arguments`.
    pub arguments_length: u32,
    /// `CUT_*` flags, and [`INTERPRETED`].
    pub flags: u32,
    /// The executable file's number in its file system; 0: not known.
    pub inode: u64,
    /// Its file system's device, in the kernel's own form: 12 bits major, 20 bits minor.
    pub device: u32,
    /// How many names the file has: 0 when it was deleted before, or never had one; [`LINKS_UNKNOWN`].
    pub links: u32,
    /// Bytes in `given`, a zero byte included; 0: not known.
    pub given_length: u32,
    /// Family of the socket that was its standard input: `AF_INET` (2) or `AF_INET6` (10); 0: none, or not of these.
    pub peer_family: u32,
    /// Address that this socket is connected to; IPv4 in the first four bytes.
    pub peer: [u8; 16],
    /// What was given to `execve`: of a program its path before links are followed.
    pub given: [u8; GIVEN_MAX],
    /// Path of the executable file.
    pub executable: [u8; PATH_MAX],
    /// Working directory at exec.
    pub directory: [u8; PATH_MAX],
    /// Arguments, each ended by a zero byte.
    pub arguments: [u8; ARGUMENTS_MAX],
}

/// The kernel lacks what tells a file's names.
pub const LINKS_UNKNOWN: u32 = u32::MAX;

/// The path of the executable is longer than [`PATH_MAX`] or deeper than the walk goes.
pub const CUT_EXECUTABLE: u32 = 1;
/// So is that of the working directory.
pub const CUT_DIRECTORY: u32 = 2;
/// There are more arguments than [`ARGUMENTS_MAX`] bytes.
pub const CUT_ARGUMENTS: u32 = 4;
/// What was given to `execve` is a script: the kernel started another program for it (`#!`, `binfmt_misc`).
pub const INTERPRETED: u32 = 8;

crate::plain!(ProcessKey, 16);
crate::plain!(ImageKey, 16);
crate::plain!(Process, 96);
crate::plain!(Namespaces, 16);
crate::plain!(Image, 56 + GIVEN_MAX + 2 * PATH_MAX + ARGUMENTS_MAX);
