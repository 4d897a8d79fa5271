//! What is known of who is behind a flow.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use umbra_agent_common::process::{NO_USER, Namespaces};
use umbra_report::{Caller, Container, OriginKind, Package, Program, User};

use super::{
    containers::ContainerFacts, files::FileFacts, image::Image, origin::Origin, people::Kind, place::Place,
    program::UNKNOWN,
};

/// Who is behind a flow.
#[derive(Clone, Debug)]
pub struct Attributed {
    /// The process that opened it.
    pub process: Process,
    /// The user that opened it.
    pub user: Person,
    /// What set it off.
    pub origin: Origin,
    /// Where it runs.
    pub place: Place,
    /// What its container is, once that is known.
    pub container: Option<ContainerFacts>,
    /// The same in the words of the wire.
    pub caller: Arc<Caller>,
    /// How much of it is known.
    pub progress: Progress,
}

impl Attributed {
    /// What set it off in the words of the wire; `None`: nothing is known.
    pub fn set_off(&self) -> Option<umbra_report::Origin> {
        let Origin { kind, name, peer, .. } = &self.origin;
        let ancestors = &self.process.ancestors;
        (*kind != OriginKind::Unknown || !ancestors.is_empty()).then(|| umbra_report::Origin {
            kind: *kind,
            name: name.clone(),
            peer: *peer,
            ancestors: ancestors
                .iter()
                .map(|ancestor| ancestor.program.clone())
                .collect(),
        })
    }

    /// Whether the caller is known as it will stay: its container's image, when it is in one, or that nobody knows it.
    pub fn is_settled(&self) -> bool {
        self.place.container.is_none() || self.container.as_ref().is_some_and(|facts| !facts.silent)
    }
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
    /// Names of the groups that it is in, sorted; `None`: not known.
    pub groups: Option<Vec<String>>,
    /// Login user id, when somebody logged in.
    pub login_uid: Option<u32>,
    /// Its name.
    pub login_name: Option<String>,
}

impl Person {
    /// Nobody could be named: never taken for user 0.
    pub(super) fn unknown() -> Self {
        Self {
            uid: NO_USER,
            gid: None,
            name: Some(UNKNOWN.to_owned()),
            kind: None,
            groups: None,
            login_uid: None,
            login_name: None,
        }
    }
}

/// The caller in the words of the wire.
pub(super) fn caller(attributed: &Attributed) -> Caller {
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
            groups: user.groups.clone(),
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
