//! What may tell more of an origin, and takes time: it reads files. For a worker thread, never for the pipeline.

mod connection;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::sync::Notify;
use umbra_agent_common::process::ProcessKey;

pub(in crate::attribution) use connection::Connections;

use super::Kind;
use crate::{
    attribution::desk::{Desk, PATIENCE, Terms},
    losses::Losses,
};

/// What to look into.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clue {
    /// The connection that a server of SSH serves.
    Connection(ProcessKey),
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

fn follow(clue: &Clue) -> Found {
    match clue {
        Clue::Connection(process) => Found {
            peer: connection::peer(process),
            ..Found::default()
        },
        Clue::Session(_) | Clue::Unit { .. } => Found::default(),
    }
}
