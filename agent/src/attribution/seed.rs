//! The processes that ran before the kernel programs did: read from `/proc` once, right after they were attached.

use std::{collections::HashMap, sync::Arc};

use umbra_agent_common::process::{Namespaces, ProcessKey};

use super::{
    image::Image,
    origin::{self, Connections},
    procfs::{self, Seen},
};

/// A process that is older than the agent.
#[derive(Clone, Debug)]
pub(super) struct Old {
    /// What it executed.
    pub image: Arc<Image>,
    /// Its parent then.
    pub parent: u32,
    /// Its user then.
    pub uid: u32,
    /// Who logged in.
    pub login_uid: u32,
    /// Its login session then.
    pub session_id: u32,
    /// Where it was then.
    pub namespaces: Namespaces,
    /// Its controlling terminal then.
    pub terminal: u32,
    started_ticks: u64,
}

/// Old processes by id; their number only falls.
#[derive(Debug, Default)]
pub(super) struct Seed(HashMap<u32, Old>);

impl Seed {
    /// Reads them all.
    pub(super) fn read() -> Self {
        let mut connections = Connections::default();
        let read = |pid| {
            let mut seen = procfs::read(pid)?;
            // Now, while it is known to live.
            if origin::serves_ssh(&seen.image, seen.uid) {
                seen.image.peer = connections.peer(pid);
            }
            Some((pid, Old::from(seen)))
        };
        Self(procfs::pids().into_iter().filter_map(read).collect())
    }

    /// The process, if it is the one with that id and start (to a clock tick).
    pub(super) fn find(&self, key: &ProcessKey) -> Option<&Old> {
        let old = self.0.get(&key.pid)?;
        (old.started_ticks == procfs::ticks(key.started_ns)).then_some(old)
    }

    /// A process by its id alone: parents in `/proc` have no start. `None` unless it began before `child`.
    pub(super) fn parent_key(&self, old: &Old) -> ProcessKey {
        let parent = self
            .0
            .get(&old.parent)
            .filter(|parent| parent.started_ticks <= old.started_ticks);
        parent.map_or_else(ProcessKey::default, |parent| ProcessKey {
            started_ns: parent.started_ticks * tick_ns(),
            pid: old.parent,
            reserved: 0,
        })
    }

    /// Forgets those that are gone and that no descendant needs any more: an old process is needed while it lives.
    pub(super) fn sweep(&mut self, needed: impl Fn(u32) -> bool) {
        self.0
            .retain(|pid, old| needed(*pid) || procfs::lives(*pid, old.started_ticks * tick_ns()));
    }
}

/// Nanoseconds of a clock tick.
fn tick_ns() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)
}

impl From<Seen> for Old {
    fn from(seen: Seen) -> Self {
        Self {
            image: Arc::new(seen.image),
            parent: seen.parent,
            uid: seen.uid,
            login_uid: seen.login_uid,
            session_id: seen.session_id,
            namespaces: seen.namespaces,
            terminal: seen.terminal,
            started_ticks: seen.started_ticks,
        }
    }
}
