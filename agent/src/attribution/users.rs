//! Accounts of users: their names through the host's name service switch, LDAP's and SSSD's users too, and what kind of
//! users they are.

use std::{sync::Arc, time::Duration};

use nix::unistd::{Uid, User};
use tokio::sync::Notify;

use super::{
    desk::{Desk, PATIENCE, Terms},
    people::{Kind, Kinds},
};
use crate::losses::Losses;

/// What is known of a user id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Its name; `None`: nobody has the id, or the name service failed.
    pub name: Option<String>,
    /// Whether it is a person's, or one of the system's; `None` until it has been looked up.
    pub kind: Option<Kind>,
}

/// Answers accounts of user ids.
pub(super) type Users = Desk<u32, Account>;

/// One of its threads may hang in a directory server while the other answers for the host's own users.
const TERMS: Terms<Account> = Terms {
    name: "umbra-users",
    threads: 2,
    open_max: 256,
    known_max: 4_096,
    valid: |_| Duration::from_mins(5),
    patience: PATIENCE,
};

/// Opens the desk.
pub(super) fn desk(bell: Arc<Notify>, losses: Arc<Losses>) -> Users {
    let way = || {
        let mut kinds = Kinds::default();
        move |uid: &u32| {
            let user = User::from_uid(Uid::from_raw(*uid)).ok().flatten();
            Account {
                name: user.map(|user| user.name),
                kind: Some(kinds.of(*uid)),
            }
        }
    };
    Desk::new(TERMS, way, bell, losses)
}
