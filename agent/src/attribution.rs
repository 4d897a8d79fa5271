//! Says who is behind a flow: process, program, user, and where it runs.

pub mod containers;
mod desk;
pub mod files;
mod image;
pub mod packages;
pub mod people;
mod place;
mod procfs;
mod program;
mod seed;
mod table;
mod users;
pub mod wsl;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;
use umbra_agent_common::{
    flow::Owner,
    process::{NO_LOGIN, NO_SESSION, NO_USER, Namespaces, ProcessKey},
};
use umbra_report::{Caller, Container, Package, Program, User};

use crate::{
    clock::Clock,
    config,
    losses::{Loss, Losses},
    probes::Processes,
};

use containers::{ContainerFacts, Informant};
pub use desk::PATIENCE;
use desk::{Answer, Desk, Terms};
use files::{Examiner, FileFacts, Subject};
pub use image::{Executed, Image};
use people::{Kind, Kinds};
use place::Places;
pub use place::{ContainerRef, Place, Pod, Quality, Runtime};
use table::Table;
use users::Users;

/// Who is behind a flow.
#[derive(Clone, Debug)]
pub struct Attributed {
    /// The process that opened it.
    pub process: Process,
    /// The user that opened it.
    pub user: Person,
    /// Where it runs.
    pub place: Place,
    /// What its container is, once that is known.
    pub container: Option<ContainerFacts>,
    /// The same in the words of the wire.
    pub caller: Arc<Caller>,
    /// How much of it is known.
    pub progress: Progress,
}

/// Whether more is to become known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// No.
    Complete,
    /// Yes, but nobody should wait for it.
    Late,
    /// Yes, soon.
    Open,
}

/// A process, as far as it is known.
#[derive(Clone, Debug)]
pub struct Process {
    /// Process id in the host's first pid namespace; 0: not known.
    pub pid: u32,
    /// Parent's id; 0: not known.
    pub ppid: u32,
    /// When it started.
    pub started: Option<Timestamp>,
    /// The same in ns since boot; 0: not known.
    pub started_ns: u64,
    /// What it executed.
    pub image: Arc<Image>,
    /// What a person would say ran.
    pub program: Program,
    /// Its files, once they have been looked at.
    pub files: Option<FileFacts>,
    /// Number of the login session, when somebody logged in.
    pub session_id: Option<u32>,
    /// Where it is.
    pub namespaces: Namespaces,
    /// Parent, parent's parent, …
    pub ancestors: Vec<Ancestor>,
}

/// A process further up.
#[derive(Clone, Debug, Serialize)]
pub struct Ancestor {
    /// Process id.
    pub pid: u32,
    /// What it executed, in the words of a person.
    pub program: String,
    /// User id.
    pub uid: Option<u32>,
    /// Its name.
    pub user: Option<String>,
}

/// A user, and who logged in to become it.
#[derive(Clone, Debug)]
pub struct Person {
    /// User id.
    pub uid: u32,
    /// Group id; `None`: nobody could be named.
    pub gid: Option<u32>,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is a person's, or one of the system's; `None`: not known.
    pub kind: Option<Kind>,
    /// Login user id, when somebody logged in.
    pub login_uid: Option<u32>,
    /// Its name.
    pub login_name: Option<String>,
}

impl Person {
    /// Nobody could be named: never taken for user 0.
    fn unknown() -> Self {
        Self {
            uid: NO_USER,
            gid: None,
            name: Some(program::UNKNOWN.to_owned()),
            kind: None,
            login_uid: None,
            login_name: None,
        }
    }
}

/// One thread: what it does is read disks.
const EXAMINER: Terms = Terms {
    name: "umbra-files",
    threads: 1,
    open_max: 1_024,
    known_max: 1_024,
    // Whether a file has been replaced is told as of the flow; hashes are remembered by the examiner.
    valid: Duration::from_secs(2),
};

fn files_way() -> impl FnMut(&Subject) -> Option<FileFacts> {
    let mut examiner = Examiner::new();
    move |subject| Some(examiner.examine(subject))
}

/// One thread: it reads runtimes' files, and waits for their sockets.
const INFORMANT: Terms = Terms {
    name: "umbra-container",
    threads: 1,
    open_max: 256,
    known_max: 1_024,
    valid: Duration::from_mins(1),
};

fn containers_way(config: config::Containers) -> impl FnMut(&ContainerRef) -> Option<ContainerFacts> {
    let mut informant = Informant::new(config);
    move |container| Some(informant.ask(container))
}

/// Longest chain of ancestors told.
const ANCESTORS_MAX: usize = 16;

/// Finds out who is behind flows.
pub struct Attribution {
    table: Table,
    users: Users,
    files: Desk<Subject, Option<FileFacts>>,
    containers: Desk<ContainerRef, Option<ContainerFacts>>,
    kinds: Kinds,
    places: Places,
    /// Inode number of the mount namespace of the host's init.
    host_mounts: Option<u32>,
    bell: Arc<Notify>,
    losses: Arc<Losses>,
}

impl Attribution {
    /// Reads from the kernel's process table; what ran before it is read from `/proc` now.
    pub fn new(processes: Processes, containers: &config::Containers, losses: Arc<Losses>) -> Self {
        let bell = Arc::new(Notify::new());
        Self {
            table: Table::new(processes),
            users: users::users(bell.clone(), losses.clone()),
            files: Desk::new(EXAMINER, files_way, bell.clone(), losses.clone()),
            containers: Desk::new(
                INFORMANT,
                || containers_way(containers.clone()),
                bell.clone(),
                losses.clone(),
            ),
            kinds: Kinds::default(),
            places: Places::default(),
            host_mounts: Some(procfs::namespaces(1).mnt).filter(|number| *number != 0),
            bell,
            losses,
        }
    }

    /// Whether a process lives: what was read below `/proc/PID` just before was its own.
    pub fn lives(&self, process: &ProcessKey) -> bool {
        self.table.lives(process)
    }

    /// Path of what a process executed.
    pub fn executable(&mut self, process: &ProcessKey) -> Option<String> {
        self.table.find(process)?.image?.executable.clone()
    }

    /// The process, and its parent if that executed the same file: browsers ask the DNS in one process and connect in
    /// another.
    pub fn family(&mut self, process: &ProcessKey) -> Vec<ProcessKey> {
        let mut family = vec![*process];
        if let Some(known) = self.table.find(process)
            && let Some(executable) = known.image.and_then(|image| image.executable.clone())
            && self.executable(&known.parent) == Some(executable)
        {
            family.push(known.parent);
        }
        family
    }

    /// Who is behind a flow that `owner` opened, as far as it is known at once: what takes time is asked for, and filled
    /// in by [`Attribution::complete`].
    pub fn attribute(&mut self, owner: &Owner) -> Attributed {
        let known = self
            .table
            .find(&owner.process)
            .map(|known| self.table.when(known, &owner.image));
        if known.is_none() {
            self.losses.add(Loss::ProcessUnknown, 1);
        }
        let image = known
            .as_ref()
            .and_then(|known| known.image.clone())
            .unwrap_or_default();
        let place = self.places.find(&owner.process, owner.cgroup);
        let login_uid = known
            .as_ref()
            .map(|known| known.login_uid)
            .filter(|uid| *uid != NO_LOGIN);
        let user = match owner.source {
            0 => Person::unknown(),
            _ => Person {
                uid: owner.uid,
                gid: Some(owner.gid),
                name: None,
                kind: Some(self.kinds.of(owner.uid)),
                login_uid,
                login_name: None,
            },
        };
        let ancestors = self.ancestors(known.as_ref().map(|known| known.parent));
        let session_id = known
            .as_ref()
            .map(|known| known.session_id)
            .filter(|session| *session != NO_SESSION);
        let process = Process {
            pid: owner.process.pid,
            session_id,
            namespaces: known
                .as_ref()
                .map_or_else(Namespaces::default, |known| known.namespaces),
            ppid: known.map_or(0, |known| known.parent.pid),
            started_ns: owner.process.started_ns,
            started: (owner.process.started_ns > 0).then(|| Clock::now().time(owner.process.started_ns)),
            program: image.program().clone(),
            image,
            files: None,
            ancestors,
        };
        let mut attributed = Attributed {
            caller: Arc::default(),
            container: None,
            process,
            user,
            place,
            progress: Progress::Open,
        };
        self.complete(&mut attributed);
        attributed
    }

    /// Fills in what has been found out since.
    pub fn complete(&mut self, attributed: &mut Attributed) -> Progress {
        if attributed.progress != Progress::Complete {
            attributed.progress = self
                .name_people(attributed)
                .max(self.examine(attributed))
                .max(self.identify(attributed));
            let caller = caller(attributed);
            if *attributed.caller != caller {
                attributed.caller = Arc::new(caller);
            }
        }
        attributed.progress
    }

    /// Rings when answers have come in: take them with [`Attribution::take_answers`].
    pub fn bell(&self) -> Arc<Notify> {
        self.bell.clone()
    }

    /// Takes in what was found out in the meantime.
    pub fn take_answers(&mut self) -> bool {
        let now = Instant::now();
        // Each is asked, whatever the others have.
        self.users.take(now) | self.files.take(now) | self.containers.take(now)
    }

    /// Forgets processes that ended a while ago.
    pub fn sweep(&mut self, ended_before_ns: u64) {
        self.table.sweep(ended_before_ns);
    }

    fn name_people(&mut self, attributed: &mut Attributed) -> Progress {
        let now = Instant::now();
        let mut progress = Progress::Complete;
        let mut name = |uid: Option<u32>, name: &mut Option<String>| {
            if let (Some(uid), None) = (uid.filter(|uid| *uid != NO_USER), &name) {
                progress = progress.max(self.users.ask(&uid, now).fill(name));
            }
        };
        let person = &mut attributed.user;
        name(Some(person.uid), &mut person.name);
        name(person.login_uid, &mut person.login_name);
        for ancestor in &mut attributed.process.ancestors {
            name(ancestor.uid, &mut ancestor.user);
        }
        progress
    }

    /// Has the files of a process looked at.
    fn examine(&mut self, attributed: &mut Attributed) -> Progress {
        let process = &mut attributed.process;
        if process.files.is_some() || process.image.executable.is_none() {
            return Progress::Complete;
        }
        let subject = Subject {
            pid: process.pid,
            started_ns: process.started_ns,
            started: process.started,
            executable: process.image.executable.clone(),
            script: process.program.script.clone(),
            on_host: self
                .host_mounts
                .is_some_and(|host| host == process.namespaces.mnt),
        };
        self.files.ask(&subject, Instant::now()).fill(&mut process.files)
    }

    /// Has a container looked up.
    fn identify(&mut self, attributed: &mut Attributed) -> Progress {
        match &attributed.place.container {
            Some(container) if attributed.container.is_none() => self
                .containers
                .ask(container, Instant::now())
                .fill(&mut attributed.container),
            _ => Progress::Complete,
        }
    }

    fn ancestors(&mut self, parent: Option<umbra_agent_common::process::ProcessKey>) -> Vec<Ancestor> {
        let mut ancestors = Vec::new();
        let mut next = parent;
        while let Some(key) = next.filter(|key| key.pid != 0)
            && ancestors.len() < ANCESTORS_MAX
        {
            let known = self.table.find(&key);
            let image = known.as_ref().and_then(|known| known.image.clone());
            ancestors.push(Ancestor {
                pid: key.pid,
                program: image.map_or_else(
                    || program::UNKNOWN.to_owned(),
                    |image| image.program().name.clone(),
                ),
                uid: known
                    .as_ref()
                    .map(|known| known.uid)
                    .filter(|uid| *uid != NO_USER),
                user: None,
            });
            next = known.map(|known| known.parent);
        }
        ancestors
    }
}

/// The caller in the words of the wire.
fn caller(attributed: &Attributed) -> Caller {
    let Attributed {
        process,
        user,
        place,
        container: facts,
        ..
    } = attributed;
    let facts = facts.clone().unwrap_or_default();
    let package = process.files.as_ref().and_then(|files| files.package.as_ref());
    let sha256 = process
        .files
        .as_ref()
        .and_then(|files| files.program().sha256.ok());
    Caller {
        user: User {
            uid: user.uid,
            name: user.name.clone(),
        },
        program: Program {
            package: package.map(|package| Package {
                manager: package.manager.to_owned(),
                name: package.name.clone(),
                version: package.version.clone(),
            }),
            sha256: sha256.map(|sha256| sha256.to_string()),
            ..process.program.clone()
        },
        container: place.container.as_ref().map(|container| Container {
            id: container.id.clone(),
            image: facts.image,
            name: facts.name,
            pod: facts.pod,
            namespace: facts.namespace,
            workload: facts.workload,
        }),
        unit: place.unit.clone(),
    }
}

impl<A> Answer<A> {
    /// Puts the answer, once it is known, into `place`.
    fn fill(self, place: &mut A) -> Progress {
        match self {
            Self::Known(answer) => {
                *place = answer;
                Progress::Complete
            }
            Self::Open => Progress::Open,
            Self::Late => Progress::Late,
        }
    }
}
