//! What kind of user a user id is: a person, or one of the system's.
//!
//! By files of the host, never by the name service, which may hang. The boundaries are those of login.defs(5), and
//! systemd's for what it hands out by itself ("Users, Groups, UIDs and GIDs on systemd systems").

use std::ops::RangeInclusive;

use super::{
    files::{FileId, Root},
    procfs,
};

/// What kind of user a user id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody who may log in.
    Person,
    /// The system, or a service of it; root too.
    System,
    /// A service's, for as long as it runs (`DynamicUser=`, systemd.exec(5)).
    Dynamic,
    /// One of those that a user may use in containers (subuid(5)); that user's id, when it is known.
    Subordinate(Option<u32>),
    /// Nobody: `nobody`, or a user of another user namespace.
    Nobody,
}

impl Kind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::System => "system",
            Self::Dynamic => "dynamic",
            Self::Subordinate(_) => "subordinate",
            Self::Nobody => "nobody",
        }
    }
}

/// Files are small; larger ones are not read.
const FILE_MAX: usize = 4 << 20;
/// Ranges that systemd gives to services.
const DYNAMIC: RangeInclusive<u32> = 61_184..=65_519;
/// `nobody`, and the two that stand for no user at all.
const NOBODIES: [u32; 3] = [65_534, 65_535, u32::MAX];
/// When login.defs does not say (shadow's own default).
const FIRST_PERSON: u32 = 1_000;

const LOGIN_DEFS: &str = "/etc/login.defs";
const SUBUID: &str = "/etc/subuid";
const PASSWD: &str = "/etc/passwd";

/// Knows the kinds; reads the files again when they have changed.
pub struct Kinds {
    root: String,
    read: Option<([Option<FileId>; 3], Boundaries)>,
}

#[derive(Debug, Default)]
struct Boundaries {
    first_person: u32,
    subordinate: Vec<(RangeInclusive<u32>, Option<u32>)>,
}

const NONE: &Boundaries = &Boundaries {
    first_person: FIRST_PERSON,
    subordinate: Vec::new(),
};

impl Default for Kinds {
    fn default() -> Self {
        Self::within(&procfs::host_root())
    }
}

impl Kinds {
    fn within(root: &str) -> Self {
        Self {
            root: root.to_owned(),
            read: None,
        }
    }

    /// What kind of user `uid` is. Reads files, if they have changed.
    pub fn of(&mut self, uid: u32) -> Kind {
        if NOBODIES.contains(&uid) {
            return Kind::Nobody;
        }
        if DYNAMIC.contains(&uid) {
            return Kind::Dynamic;
        }
        let boundaries = self.boundaries();
        if uid < boundaries.first_person {
            return Kind::System;
        }
        boundaries
            .subordinate
            .iter()
            .find(|(range, _)| range.contains(&uid))
            .map_or(Kind::Person, |(_, of)| Kind::Subordinate(*of))
    }

    fn boundaries(&mut self) -> &Boundaries {
        let root = Root::open(&self.root).ok();
        let id = |path| Some(root.as_ref()?.file(path).ok()?.id());
        let ids = [LOGIN_DEFS, SUBUID, PASSWD].map(id);
        if self.read.as_ref().is_none_or(|(read, _)| *read != ids) {
            let text = |path| {
                root.as_ref()
                    .and_then(|root| root.text(path, FILE_MAX))
                    .unwrap_or_default()
            };
            self.read = Some((
                ids,
                Boundaries::parse(&text(LOGIN_DEFS), &text(SUBUID), &text(PASSWD)),
            ));
        }
        self.read.as_ref().map_or(NONE, |(_, boundaries)| boundaries)
    }
}

impl Boundaries {
    fn parse(login_defs: &str, subuid: &str, passwd: &str) -> Self {
        let number = |wanted: &str| {
            login_defs.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                (words.next()? == wanted).then(|| words.next()?.parse().ok())?
            })
        };
        let last_of_system = number("SYS_UID_MAX").and_then(|last: u32| last.checked_add(1));
        let subordinate = subuid.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (user, first, count) = (fields.next()?, fields.next()?, fields.next()?);
            let first: u32 = first.trim().parse().ok()?;
            let count: u32 = count.trim().parse().ok()?;
            let last = first.checked_add(count.checked_sub(1)?)?;
            // The user may stand there as a number, too.
            let of = user.parse().ok().or_else(|| uid(passwd, user));
            Some((first..=last, of))
        });
        Self {
            first_person: number("UID_MIN").or(last_of_system).unwrap_or(FIRST_PERSON),
            subordinate: subordinate.collect(),
        }
    }
}

/// A field of the line in passwd(5) that `is_it` accepts.
fn entry(passwd: &str, is_it: impl Fn(&[&str]) -> bool) -> Option<Vec<&str>> {
    passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.len() >= 7 && is_it(fields))
}

fn uid(passwd: &str, name: &str) -> Option<u32> {
    entry(passwd, |fields| fields[0] == name)?[2].parse().ok()
}

/// The home of a user, by the root's own file of users.
pub(super) fn home(root: &Root, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let passwd = root.text(PASSWD, FILE_MAX)?;
    let home = entry(&passwd, |fields| fields[2] == uid)?[5]
        .trim_end_matches('/')
        .to_owned();
    home.starts_with('/').then_some(home)
}

#[cfg(test)]
mod tests;
