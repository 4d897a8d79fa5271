//! What is known of the files that a process runs: hash, owner, and whether they are still what it started.
//!
//! All of it reads disks and may block as long as a file system does: for a worker thread, never for the pipeline.

mod digest;
mod module;
mod process;
mod recent;
mod root;
mod state;

use std::{fmt, io, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    desk::{Desk, PATIENCE, Terms},
    image::Executed,
    packages::{Package, Packages},
    procfs,
};
use crate::{clock::Clock, losses::Losses};
use digest::Digests;
pub use module::Module;
use process::Live;
pub(super) use recent::Recent;
pub(super) use root::{FileId, Opened, Root};

/// Whether a file has been replaced is told as of the flow; hashes are remembered by the examiner.
pub(super) const VALID: Duration = Duration::from_secs(2);

/// One thread: what it does is read disks.
const TERMS: Terms<Option<FileFacts>> = Terms {
    name: "umbra-files",
    threads: 1,
    open_max: 1_024,
    known_max: 1_024,
    valid: |_| VALID,
    patience: PATIENCE,
};

/// Opens the desk.
pub(super) fn desk(bell: Arc<Notify>, losses: Arc<Losses>) -> Desk<Subject, Option<FileFacts>> {
    let way = || {
        let mut examiner = Examiner::new();
        move |subject: &Subject| Some(examiner.examine(subject))
    };
    Desk::new(TERMS, way, bell, losses)
}

/// A process whose files are to be examined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Process id in the host's first pid namespace.
    pub pid: u32,
    /// Its start in nanoseconds since boot: an id is used again.
    pub started_ns: u64,
    /// Path of the executable as the kernel resolved it, in the process's mount namespace.
    pub executable: Option<String>,
    /// Which file that was.
    pub executed: Option<Executed>,
    /// The script behind an interpreter; a module or class, which is no path, is passed over.
    pub script: Option<String>,
    /// The module of Python that was run by its name.
    pub module: Option<Module>,
    /// It runs in the mount namespace of the host's init: when it has gone, its paths still mean something.
    pub on_host: bool,
}

impl Subject {
    /// Its start by the calendar: files that are younger are not what it started. Not a field: two readings of the
    /// clocks differ by nanoseconds, and would make two subjects of one process.
    fn started(&self) -> Option<Timestamp> {
        (self.started_ns > 0).then(|| Clock::now().time(self.started_ns))
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Of the executable.
    pub executable: FileFact,
    /// Of the script; `None` when no file is behind an interpreter.
    pub script: Option<FileFact>,
    /// The installed package that owns the script or module, else the executable.
    pub package: Option<Package>,
}

impl FileFacts {
    /// Of the file that a person would say ran: the script, else the executable.
    pub fn program(&self) -> &FileFact {
        self.script.as_ref().unwrap_or(&self.executable)
    }
}

/// One file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// Hash of what ran; never of what took its place.
    pub sha256: Result<Sha256, Unhashed>,
    /// Whether the file is still there.
    pub state: State,
}

impl FileFact {
    const UNKNOWN: Self = Self {
        sha256: Err(Unhashed::Unreadable),
        state: State::Unknown,
    };
}

/// Whether a file is what it was when the process started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Intact,
    /// Nothing is at its path any more; always so for what was executed from memory.
    Deleted,
    /// Its path leads to another file, or the file was written to.
    Replaced,
    /// It cannot be told.
    Unknown,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Deleted => "deleted",
            Self::Replaced => "replaced",
            Self::Unknown => "unknown",
        }
    }
}

/// SHA-256 of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sha256({self})")
    }
}

/// Why a file has no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unhashed {
    /// It is larger than [`HASHED_MAX`].
    TooLarge,
    /// It lies on a network's or a program's file system, which may be slow or never answer.
    Remote,
    /// It was deleted, replaced or written to: what ran is not there to be read.
    Gone,
    /// It cannot be opened or read, or is no regular file.
    Unreadable,
}

/// Largest file that is hashed, in bytes: the agents that ship as one executable take about 200 MB.
pub const HASHED_MAX: u64 = 256 * 1024 * 1024;

/// Examines files; remembers hashes and owners, within bounds.
pub struct Examiner {
    host: Option<Root>,
    digests: Digests,
    packages: Packages,
}

impl Default for Examiner {
    fn default() -> Self {
        Self::new()
    }
}

impl Examiner {
    /// Takes files of processes that have gone from the host's root.
    pub fn new() -> Self {
        Self {
            host: Root::open(&procfs::host_root()).ok(),
            digests: Digests::default(),
            packages: Packages::default(),
        }
    }

    /// Reads up to two files of [`HASHED_MAX`] and the package databases beside them. What cannot be read is unknown.
    pub fn examine(&mut self, subject: &Subject) -> FileFacts {
        let Self {
            host,
            digests,
            packages,
        } = self;
        let started = subject.started();
        let live = Live::find(subject.pid, subject.started_ns);
        let own = live.as_ref().and_then(|live| live.root().ok());
        let root = match &own {
            Some(root) => Some(root),
            None => host.as_ref().filter(|_| subject.on_host),
        };
        let script = subject.script.as_deref().filter(|path| path.starts_with('/'));
        let Some(root) = root else {
            return FileFacts {
                executable: FileFact::UNKNOWN,
                script: script.map(|_| FileFact::UNKNOWN),
                package: None,
            };
        };
        let is_host = host.as_ref().is_some_and(|host| host.is(root));

        let path = subject.executable.as_deref();
        let running = live.as_ref().and_then(|live| live.executable(path?));
        let (executable, executable_file) = match (running, path) {
            (Some(running), Some(path)) => {
                let state = state::of_running(root, path, &running);
                (digests.fact(&running, state), Some(running))
            }
            (None, Some(path)) => {
                let opened = root.file(path);
                let state = state::of_executed(&opened, subject.executed, started);
                digests.opened(opened, state)
            }
            (_, None) => (FileFact::UNKNOWN, None),
        };
        let script = script.map(|path| digests.at(root, &complete(root, path), started));

        let mut owner = |file: &Option<Opened>| {
            let file = file.as_ref()?;
            packages.owner(root, is_host, file)
        };
        let module = || module::find(root, path?, subject.module.as_ref()?);
        let package = script
            .as_ref()
            .and_then(|(_, file)| owner(file))
            .or_else(|| owner(&module()))
            .or_else(|| owner(&executable_file));
        FileFacts {
            executable,
            script: script.map(|(fact, _)| fact),
            package,
        }
    }
}

impl Digests {
    /// A file of which only the path is known.
    fn at(&mut self, root: &Root, path: &str, started: Option<Timestamp>) -> (FileFact, Option<Opened>) {
        let opened = root.file(path);
        let state = state::by_times(opened.as_ref(), started);
        self.opened(opened, state)
    }

    fn opened(&mut self, opened: io::Result<Opened>, state: State) -> (FileFact, Option<Opened>) {
        match opened {
            Ok(file) => (self.fact(&file, state), Some(file)),
            Err(_) if state == State::Deleted => {
                let sha256 = Err(Unhashed::Gone);
                (FileFact { sha256, state }, None)
            }
            Err(_) => (FileFact::UNKNOWN, None),
        }
    }

    fn fact(&mut self, file: &Opened, state: State) -> FileFact {
        let sha256 = if state == State::Replaced && !file.running {
            Err(Unhashed::Gone)
        } else {
            self.of(file)
        };
        FileFact { sha256, state }
    }
}

/// Interpreters that complete names: `node server` runs `server.js`, `python3 folder` runs `folder/__main__.py`.
const COMPLETIONS: [&str; 5] = [".js", ".mjs", ".cjs", "/index.js", "/__main__.py"];

fn complete(root: &Root, path: &str) -> String {
    if root.file(path).is_ok() {
        return path.to_owned();
    }
    COMPLETIONS
        .iter()
        .map(|completion| format!("{}{completion}", path.trim_end_matches('/')))
        .find(|path| root.file(path).is_ok())
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests;
