//! Who watches: the agent, or a peer in its place.

mod capture;
mod suricata;
mod tshark;
mod umbra;

use super::Observed;
use crate::TestBed;

/// Something that can be told to watch a test bed.
pub trait Observer {
    /// What it is, with its version; an error says what is missing.
    fn version(&self) -> Result<String, String>;

    /// Begins to watch: whatever happens from now on, it can see.
    fn watch(&self, bed: &TestBed) -> Box<dyn Watch>;
}

/// An observer that watches.
pub trait Watch {
    /// Ends it when it has said enough, or some seconds later; gives all flows that it saw.
    fn finish(self: Box<Self>, enough: &dyn Fn(&[Observed]) -> bool) -> Vec<Observed>;
}

/// Observers by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The agent of this repository.
    Umbra,
    /// Wireshark's dissectors.
    Tshark,
    /// An intrusion detection system.
    Suricata,
}

impl Kind {
    /// The observer itself.
    pub fn observer(self) -> Box<dyn Observer> {
        match self {
            Self::Umbra => Box::new(umbra::Umbra),
            Self::Tshark => Box::new(capture::Peer(tshark::Tshark)),
            Self::Suricata => Box::new(capture::Peer(suricata::Suricata)),
        }
    }
}
