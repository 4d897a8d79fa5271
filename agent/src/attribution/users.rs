//! Names of users, through the host's name service switch: LDAP's and SSSD's users too.

use std::{sync::Arc, time::Duration};

use nix::unistd::{Uid, User};
use tokio::sync::Notify;

use super::desk::{Desk, Terms};
use crate::losses::Losses;

/// Answers names of user ids; `None`: nobody has the id, or the name service failed.
pub(super) type Users = Desk<u32, Option<String>>;

/// One of its threads may hang in a directory server while the other answers for the host's own users.
const TERMS: Terms = Terms {
    name: "umbra-users",
    threads: 2,
    open_max: 256,
    known_max: 4_096,
    valid: Duration::from_mins(5),
};

/// Opens the desk.
pub(super) fn users(bell: Arc<Notify>, losses: Arc<Losses>) -> Users {
    let way = |uid: &u32| User::from_uid(Uid::from_raw(*uid)).ok()?.map(|user| user.name);
    Desk::new(TERMS, || way, bell, losses)
}
