//! What an observer says of a flow. `None` is what it does not say.

use std::net::SocketAddr;

use super::caused::Place;
use crate::truth::{Bytes, Protocol};

/// A flow, as the observer saw it.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Over what, and where to.
    pub to: Option<(Protocol, SocketAddr)>,
    /// Names, when it tells several of one flow.
    pub names: Vec<String>,
    /// Whose it is.
    pub vendor: Option<String>,
    /// Executable.
    pub exe: Option<String>,
    /// What a person would say runs.
    pub program: Option<String>,
    /// User.
    pub uid: Option<u32>,
    /// The user's name.
    pub user: Option<String>,
    /// Where it runs.
    pub place: Option<Place>,
    /// What it carried, once it has ended.
    pub bytes: Option<Counted>,
}

/// What an observer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Payload of TCP or UDP.
    Payload(Bytes),
    /// Whole packets, with the headers below.
    Packets {
        /// All their bytes.
        bytes: Bytes,
        /// How many went each way.
        packets: Bytes,
    },
}
