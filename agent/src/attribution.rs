//! Says who is behind a flow: process, program, user, and where it runs.

mod ancestry;
mod attributed;
pub mod containers;
mod desk;
pub mod files;
mod groups;
mod image;
mod origin;
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

use tokio::sync::Notify;
use umbra_agent_common::{
    flow::Owner,
    process::{NO_LOGIN, NO_SESSION, NO_USER, Namespaces, ProcessKey},
};
use umbra_report::limits;

use crate::{
    clock::Clock,
    config,
    losses::{Loss, Losses},
    probes::{Cgroups, Processes},
};

use attributed::caller;
pub use attributed::{Ancestor, Attributed, Person, Process, Progress};
use containers::ContainerFacts;
use desk::Desk;
pub use desk::{LONGEST_PATIENCE, PATIENCE};
use files::{FileFacts, Module, Recent, Subject};
use groups::Groups;
pub use image::{Executed, Image};
use origin::{Clue, Found};
pub use origin::{Clue as OriginClue, Kind as OriginKind, Origin};
use place::Places;
pub use place::{ContainerRef, Place, Pod, Quality, Runtime};
use table::Table;
use users::{Account, Users};

/// Owners of which all is known that are remembered, twice as many at most.
const RECENT: usize = 32;
/// For so long: whether a file has been replaced is told as of the flow.
const REMEMBERED: Duration = files::VALID;

/// Finds out who is behind flows.
pub struct Attribution {
    table: Table,
    users: Users,
    groups: Groups,
    files: Desk<Subject, Option<FileFacts>>,
    containers: Desk<ContainerRef, Option<ContainerFacts>>,
    origins: Desk<Clue, Option<Found>>,
    places: Places,
    /// Who was behind the last flows, and since when that is known: one process usually makes many.
    recent: Recent<Owner, (Arc<Attributed>, Instant)>,
    /// Inode number of the host's mount namespace.
    host_mounts: Option<u32>,
    bell: Arc<Notify>,
    losses: Arc<Losses>,
}

impl Attribution {
    /// Reads from the kernel's process table; what ran before it is read from `/proc` now.
    pub fn new(
        processes: Processes,
        cgroups: Cgroups,
        containers: &config::Containers,
        losses: Arc<Losses>,
    ) -> Self {
        let bell = Arc::new(Notify::new());
        Self {
            table: Table::new(processes),
            users: users::desk(bell.clone(), losses.clone()),
            groups: groups::desk(bell.clone(), losses.clone()),
            files: files::desk(bell.clone(), losses.clone()),
            containers: containers::desk(containers, bell.clone(), losses.clone()),
            origins: origin::desk(bell.clone(), losses.clone()),
            places: Places::new(cgroups),
            recent: Recent::new(RECENT),
            host_mounts: Some(procfs::namespaces(procfs::host()).mnt).filter(|number| *number != 0),
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
    pub fn attribute(&mut self, owner: &Owner) -> Arc<Attributed> {
        // Whichever of its threads.
        let key = Owner { thread: 0, ..*owner };
        if let Some((attributed, since)) = self.recent.get(&key)
            && since.elapsed() < REMEMBERED
        {
            return attributed;
        }
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
        let mut place = self.places.find(&owner.process, owner.cgroup);
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
                kind: None,
                groups: None,
                login_uid,
                login_name: None,
            },
        };
        let line = ancestry::line(&mut self.table, owner.process, known.clone());
        place.container = place.container.or_else(|| place::monitor::container(&line));
        let ancestors = line.iter().skip(1).take(limits::ANCESTORS).map(Ancestor::from);
        let is_known = known.is_some();
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
            ancestors: ancestors.collect(),
        };
        let mut attributed = Arc::new(Attributed {
            caller: Arc::default(),
            container: None,
            process,
            user,
            origin: origin::trace(&line, &place, session_id),
            place,
            progress: Progress::Open,
        });
        // One that is not known is counted each time.
        if self.complete(&mut attributed) == Progress::Complete && is_known {
            self.recent.insert(key, (attributed.clone(), Instant::now()));
        }
        attributed
    }

    /// Fills in what has been found out since.
    pub fn complete(&mut self, attributed: &mut Arc<Attributed>) -> Progress {
        if attributed.progress != Progress::Complete {
            let attributed = Arc::make_mut(attributed);
            attributed.progress = self
                .name_people(attributed)
                .max(self.examine(attributed))
                .max(self.identify(attributed))
                .max(self.follow(attributed));
            if let Some(container) = &attributed.container {
                attributed.origin.contained(container);
            }
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
        self.users.take(now)
            | self.groups.take(now)
            | self.files.take(now)
            | self.containers.take(now)
            | self.origins.take(now)
    }

    /// Forgets processes that ended a while ago.
    pub fn sweep(&mut self, ended_before_ns: u64) {
        self.table.sweep(ended_before_ns);
    }

    fn name_people(&mut self, attributed: &mut Attributed) -> Progress {
        let now = Instant::now();
        let person = &mut attributed.user;
        let mut progress = match person.uid {
            NO_USER => Progress::Complete,
            uid => self.groups.ask(&uid, now).fill(&mut person.groups),
        };
        // What has not come in stays as it was.
        let mut look_up = |uid: Option<u32>, mut account: Account| {
            if let Some(uid) = uid.filter(|uid| *uid != NO_USER) {
                progress = progress.max(self.users.ask(&uid, now).fill(&mut account));
            }
            account
        };
        let named = |name: &mut Option<String>| Account {
            name: name.take(),
            kind: None,
        };
        let known = Account {
            name: person.name.take(),
            kind: person.kind,
        };
        Account {
            name: person.name,
            kind: person.kind,
        } = look_up(Some(person.uid), known);
        person.login_name = look_up(person.login_uid, named(&mut person.login_name)).name;
        for ancestor in &mut attributed.process.ancestors {
            ancestor.user = look_up(ancestor.uid, named(&mut ancestor.user)).name;
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
            executable: process.image.executable.clone(),
            executed: process.image.file,
            script: process.program.script.clone(),
            module: program::module(&process.program).map(|name| Module {
                name: name.to_owned(),
                called: process.image.called().cloned(),
                directory: process.image.directory.clone(),
                uid: attributed.user.uid,
            }),
            on_host: self
                .host_mounts
                .is_some_and(|host| host == process.namespaces.mnt),
        };
        self.files.ask(&subject, Instant::now()).fill(&mut process.files)
    }

    /// Has a container looked up.
    fn identify(&mut self, attributed: &mut Attributed) -> Progress {
        match &attributed.place.container {
            Some(container) if !attributed.is_settled() => self
                .containers
                .ask(container, Instant::now())
                .fill(&mut attributed.container)
                .max(if attributed.is_settled() {
                    Progress::Complete
                } else {
                    Progress::Late
                }),
            _ => Progress::Complete,
        }
    }

    /// Has a clue to the origin followed up.
    fn follow(&mut self, attributed: &mut Attributed) -> Progress {
        let Some(clue) = &attributed.origin.clue else {
            return Progress::Complete;
        };
        let mut found = None;
        let progress = self.origins.ask(clue, Instant::now()).fill(&mut found);
        if let Some(found) = found {
            attributed.origin.learn(found);
        }
        progress
    }
}
