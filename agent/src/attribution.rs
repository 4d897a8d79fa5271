//! Says who is behind a flow: process, program, user, and where it runs.

pub mod files;
mod image;
pub mod packages;
mod place;
mod procfs;
mod program;
mod seed;
mod table;
mod users;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use umbra_agent_common::{
    flow::Owner,
    process::{NO_LOGIN, NO_USER, ProcessKey},
};
use umbra_report::{Caller, Container, Program, User};

use crate::{
    clock::Clock,
    losses::{Loss, Losses},
    probes::Processes,
};

pub use image::Image;
pub use place::Place;
use place::Places;
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
    /// The same in the words of the wire.
    pub caller: Arc<Caller>,
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
    /// What it executed.
    pub image: Arc<Image>,
    /// What a person would say ran.
    pub program: Program,
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
}

/// A user, and who logged in to become it.
#[derive(Clone, Debug)]
pub struct Person {
    /// User id.
    pub uid: u32,
    /// Its name.
    pub name: Option<String>,
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
            name: Some(program::UNKNOWN.to_owned()),
            login_uid: None,
            login_name: None,
        }
    }
}

/// Longest chain of ancestors told.
const ANCESTORS_MAX: usize = 16;

/// Finds out who is behind flows.
pub struct Attribution {
    table: Table,
    users: Users,
    places: Places,
    losses: Arc<Losses>,
}

impl Attribution {
    /// Reads from the kernel's process table; what ran before it is read from `/proc` now.
    pub fn new(processes: Processes, losses: Arc<Losses>) -> Self {
        Self {
            table: Table::new(processes),
            users: Users::default(),
            places: Places::default(),
            losses,
        }
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

    /// Who is behind a flow that `owner` opened.
    pub async fn attribute(&mut self, owner: &Owner) -> Attributed {
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
        let program = image.program().clone();
        let place = self.places.find(&owner.process, owner.cgroup);
        let login_uid = known
            .as_ref()
            .map(|known| known.login_uid)
            .filter(|uid| *uid != NO_LOGIN);
        let user = match owner.source {
            0 => Person::unknown(),
            _ => self.person(owner.uid, login_uid).await,
        };
        let caller = Arc::new(Caller {
            user: User {
                uid: user.uid,
                name: user.name.clone(),
            },
            program: program.clone(),
            container: place.container.as_ref().map(|id| Container {
                id: id.clone(),
                image: None,
            }),
            unit: place.unit.clone(),
        });
        let ancestors = self.ancestors(known.as_ref().map(|known| known.parent));
        let process = Process {
            pid: owner.process.pid,
            ppid: known.map_or(0, |known| known.parent.pid),
            started: (owner.process.started_ns > 0).then(|| Clock::now().time(owner.process.started_ns)),
            image,
            program,
            ancestors,
        };
        Attributed {
            process,
            user,
            place,
            caller,
        }
    }

    /// Forgets processes that ended a while ago.
    pub fn sweep(&mut self, ended_before_ns: u64) {
        self.table.sweep(ended_before_ns);
    }

    async fn person(&mut self, uid: u32, login_uid: Option<u32>) -> Person {
        let name = self.users.name(uid).await;
        let login_name = match login_uid {
            Some(login) => self.users.name(login).await,
            None => None,
        };
        Person {
            uid,
            name,
            login_uid,
            login_name,
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
            });
            next = known.map(|known| known.parent);
        }
        ancestors
    }
}
