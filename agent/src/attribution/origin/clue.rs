//! What may tell more of an origin, and takes time: it reads files. For a worker thread, never for the pipeline.

mod connection;
mod crontab;
mod session;
mod timer;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::sync::Notify;
use umbra_agent_common::process::ProcessKey;

pub(in crate::attribution) use connection::Connections;

use super::Kind;
use crate::{
    attribution::{
        desk::{Desk, PATIENCE, Terms},
        files::Root,
        procfs,
    },
    losses::Losses,
};

/// What to look into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clue {
    /// The connection that a server of SSH serves.
    Connection(ProcessKey),
    /// A job of cron's.
    Job {
        /// cron itself, in whose root directory its tables are.
        server: ProcessKey,
        /// What cron had a shell run, or what that has become.
        command: String,
        /// Whose job it is.
        uid: u32,
    },
    /// A login session, by its number.
    Session(String),
    /// A service of the system's manager, or of a user's.
    Unit {
        /// Its name.
        name: String,
        /// The user.
        manager: Option<u32>,
    },
}

/// What was found; what is `None` stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::attribution) struct Found {
    /// As in [`super::Origin`].
    pub kind: Option<Kind>,
    /// Likewise.
    pub name: Option<String>,
    /// Likewise.
    pub peer: Option<IpAddr>,
    /// Likewise.
    pub terminal: Option<String>,
}

/// One thread: it reads small files.
const TERMS: Terms<Option<Found>> = Terms {
    name: "umbra-origin",
    threads: 1,
    open_max: 256,
    known_max: 1_024,
    valid: |_| Duration::from_mins(5),
    patience: PATIENCE,
};

/// Opens the desk.
pub(in crate::attribution) fn desk(bell: Arc<Notify>, losses: Arc<Losses>) -> Desk<Clue, Option<Found>> {
    Desk::new(TERMS, || |clue: &Clue| Some(follow(clue)), bell, losses)
}

/// The root directory of a process that lives.
fn root_of(process: &ProcessKey) -> Option<Root> {
    let root = Root::open(&format!("/proc/{}/root", process.pid)).ok()?;
    procfs::lives(process.pid, process.started_ns).then_some(root)
}

fn follow(clue: &Clue) -> Found {
    let root = Root::open(&procfs::host_root()).ok();
    let root = root.as_ref();
    let name = |name: Option<String>| Found {
        name,
        ..Found::default()
    };
    match clue {
        Clue::Connection(process) => Found {
            peer: connection::peer(process),
            ..Found::default()
        },
        Clue::Job { server, command, uid } => {
            name(root_of(server).and_then(|root| crontab::of(&root, command, *uid)))
        }
        Clue::Session(id) => session::look_up(root, id),
        Clue::Unit { name: unit, manager } => {
            let timer = root.and_then(|root| timer::of(root, unit, *manager));
            Found {
                kind: timer.is_some().then_some(Kind::Timer),
                ..name(timer)
            }
        }
    }
}
