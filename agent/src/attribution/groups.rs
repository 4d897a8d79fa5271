//! Groups that users are in, through the host's name service switch, so that a directory's groups count as the host's own
//! do. At a desk of their own: a directory that is slow about groups does not hold up names.

use std::{ffi::CString, sync::Arc, time::Duration};

use nix::unistd::{Group, Uid, User, getgrouplist};
use tokio::sync::Notify;
use umbra_report::limits;

use super::desk::{Desk, PATIENCE, Terms};
use crate::losses::Losses;

/// Names of a user's groups, sorted; `None`: nobody has the id, or the name service failed.
pub(super) type Memberships = Option<Vec<String>>;

/// Answers groups of user ids.
pub(super) type Groups = Desk<u32, Memberships>;

const TERMS: Terms<Memberships> = Terms {
    name: "umbra-groups",
    threads: 2,
    open_max: 256,
    known_max: 4_096,
    // As names are.
    valid: |_| Duration::from_mins(5),
    patience: PATIENCE,
};

/// Opens the desk.
pub(super) fn desk(bell: Arc<Notify>, losses: Arc<Losses>) -> Groups {
    Desk::new(TERMS, || |uid: &u32| of(*uid), bell, losses)
}

/// The groups that a login would give the user, not those of a process that has dropped some: what an organisation decides
/// is about people. The user's own one first, so that it is not among those left out.
fn of(uid: u32) -> Memberships {
    let user = User::from_uid(Uid::from_raw(uid)).ok()??;
    let name = CString::new(user.name).ok()?;
    let groups = getgrouplist(&name, user.gid).ok()?;
    let mut names: Vec<String> = groups
        .into_iter()
        // One without a name can be in no policy.
        .filter_map(|gid| Some(Group::from_gid(gid).ok()??.name))
        .take(limits::GROUPS)
        .collect();
    names.sort_unstable();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests;
