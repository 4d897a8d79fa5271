//! Names of users, through the host's name service switch: LDAP's and SSSD's users too.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use nix::unistd::{Uid, User};
use tokio::{task::spawn_blocking, time::timeout};

/// A directory server that hangs must not hold up flows: after this the uid stands alone.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long an answer, also 'nobody', is believed.
const VALID: Duration = Duration::from_mins(5);
/// Users remembered; beyond, all are asked for anew.
const USERS_MAX: usize = 4096;

/// Remembers names.
#[derive(Debug, Default)]
pub(super) struct Users(HashMap<u32, (Option<String>, Instant)>);

impl Users {
    /// The name of `uid`, if the host knows one in time.
    pub(super) async fn name(&mut self, uid: u32) -> Option<String> {
        if let Some((name, asked)) = self.0.get(&uid)
            && asked.elapsed() < VALID
        {
            return name.clone();
        }
        let answer = spawn_blocking(move || User::from_uid(Uid::from_raw(uid)));
        let name = match timeout(PATIENCE, answer).await {
            Ok(Ok(Ok(user))) => user.map(|user| user.name),
            // Not asked again for a while either: one hanging server must not cost every flow half a second.
            _ => None,
        };
        if self.0.len() >= USERS_MAX {
            self.0.clear();
        }
        self.0.insert(uid, (name.clone(), Instant::now()));
        name
    }
}
