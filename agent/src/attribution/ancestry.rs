//! The line of processes that started one another, from one up to init.

use std::iter::successors;

use umbra_agent_common::process::{NO_USER, ProcessKey};

use super::{
    attributed::Ancestor,
    program,
    table::{Known, Table},
};

/// Longest line that is followed.
const LINE_MAX: usize = 64;

/// A process in the line.
#[derive(Clone, Debug)]
pub(super) struct Relative {
    /// Which.
    pub key: ProcessKey,
    /// What is known of it.
    pub known: Option<Known>,
}

/// The line that begins with `key`, of which `known` is known.
pub(super) fn line(table: &mut Table, key: ProcessKey, known: Option<Known>) -> Vec<Relative> {
    let above = |relative: &Relative| {
        let key = relative.known.as_ref()?.parent;
        (key.pid != 0).then(|| Relative {
            known: table.find(&key),
            key,
        })
    };
    successors(Some(Relative { key, known }), above)
        .take(LINE_MAX)
        .collect()
}

impl From<&Relative> for Ancestor {
    fn from(relative: &Relative) -> Self {
        let known = relative.known.as_ref();
        let image = known.and_then(|known| known.image.as_ref());
        Self {
            pid: relative.key.pid,
            program: image.map_or_else(
                || program::UNKNOWN.to_owned(),
                |image| image.program().name.clone(),
            ),
            uid: known.map(|known| known.uid).filter(|uid| *uid != NO_USER),
            user: None,
        }
    }
}
