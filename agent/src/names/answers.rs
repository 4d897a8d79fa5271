//! Which name a flow without a name of its own goes to, by what the DNS answered: the evidence `dns`.
//!
//! The table keeps who asked for which name and was given which address, for as long as the answer may be kept. Whose
//! flow to an address is asked about gets a name by these rules, of which the first that fits decides:
//!
//! 1. **The asker itself was given the address** for a wanted name, and for no other: that name. Several wanted names
//!    that are one to the catalogue (the same pattern) count as one, of which the last asked for is given. If it was
//!    given the address for names that are not one, or also for a name that nobody wants, it is not known to which of
//!    them the flow goes, and it gets no name.
//! 2. **A resolver of the host was given the address** for a wanted name, as systemd-resolved is on behalf of programs
//!    that reach it without the DNS: that name, if all names of which it is known that anyone was given the address
//!    for them are wanted ones and count as one. What a process other than a resolver was given is no evidence for
//!    another process.
//! 3. Otherwise no name.
//!
//! An answer holds for its TTL, a day at most, and a minute longer ([`end_ns`]): the flow comes after the answer, most of
//! all with a TTL of 0, and many clients keep answers for a while whatever their TTL is. Addresses of the host itself and those
//! that are none (`0.0.0.0`, with which names are blocked) are not kept: what else listens there is no vendor.
//!
//! Of names that nobody wants, no more is kept than that there was one. Where the kernel keeps such names from the
//! agent, [`Others`] says what it saw.
//!
//! **Encrypted client hello.** An answer may also say which name the hellos to a wanted name show in its place, its
//! front. With an outer name, [`Answers::judge_ech`] tells apart: a name that was asked for is the true name, and the
//! extension is GREASE; the front of a name that was asked for stands for that name. When both are so, when several
//! names have that front, or neither is so, it is not known.
//!
//! All is bounded: what is over goes first, and then the oldest, which [`Answers::dropped`] counts. What is dropped
//! early does not make others look certain: an asker of several names stays as one whose name is not known, and rule 2
//! is off for an address while an answer would hold that was dropped, as long as anything is known of the address.

mod fronts;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc};

use umbra_agent_common::answer::end_ns;

use super::{dns::Response, host::HostName};
use fronts::Fronts;
use table::{Entry, Table};

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker<A> {
    /// The asker: a process of a host, or a client in a capture.
    pub key: A,
    /// Whether it is a process that asks on behalf of the host's others: systemd-resolved, dnsmasq, unbound and such.
    pub is_resolver: bool,
}

/// A wanted name that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<T> {
    /// The name as it was asked for.
    pub name: Arc<str>,
    /// What makes it wanted, such as the number of a pattern. Names that agree in it count as one.
    pub wanted: T,
}

/// What is known from elsewhere of names that nobody wants and that have the address in question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// The asker asked for such a name.
    pub own: bool,
    /// Anyone did.
    pub any: bool,
}

/// What a hello's outer name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchVerdict<'a, T> {
    /// The true name: the extension is made up.
    Grease,
    /// The front of the name that was asked for.
    Real(&'a Asked<T>),
    /// Not known.
    Unknown,
}

/// What the DNS answered, to askers `A` for names wanted as `T`. Times are ns of a clock that does not go back.
#[derive(Debug)]
pub struct Answers<A, T> {
    table: Table<A, T>,
    fronts: Fronts,
}

impl<A, T> Default for Answers<A, T> {
    fn default() -> Self {
        Self {
            table: Table::default(),
            fronts: Fronts::default(),
        }
    }
}

impl<A: Clone + PartialEq, T: Clone + PartialEq> Answers<A, T> {
    /// Learns all that `response` says to `asker`. Of a name that is not wanted, only that there is one.
    pub fn learn_response(&mut self, asker: &Asker<A>, response: &Response, wanted: Option<&T>, now_ns: u64) {
        let name = wanted.map(|wanted| Asked {
            name: response.question.as_str().into(),
            wanted: wanted.clone(),
        });
        for &(address, ttl) in &response.addresses {
            self.keep(asker.clone(), name.clone(), address, ttl, now_ns);
        }
        if let Some(name) = name {
            for (front, ttl) in &response.ech_public_names {
                self.learn_front(&name.name, front, *ttl, now_ns);
            }
        }
    }

    /// Learns that `asker` asked for a wanted name and was given `address` for `ttl` seconds.
    pub fn learn(&mut self, asker: Asker<A>, name: Asked<T>, address: IpAddr, ttl: u32, now_ns: u64) {
        self.keep(asker, Some(name), address, ttl, now_ns);
    }

    /// Learns that `asker` was given `address` for a name that nobody wants.
    pub fn learn_other(&mut self, asker: Asker<A>, address: IpAddr, ttl: u32, now_ns: u64) {
        self.keep(asker, None, address, ttl, now_ns);
    }

    /// Learns that hellos to the wanted `name` may show the name `front`, for `ttl` seconds.
    pub fn learn_front(&mut self, name: &Arc<str>, front: &HostName, ttl: u32, now_ns: u64) {
        self.fronts.learn(name, front, end_ns(ttl, now_ns), now_ns);
    }

    /// Answers that were dropped before they were over, because there was no room.
    pub fn dropped(&self) -> u64 {
        self.table.dropped() + self.fronts.dropped()
    }

    fn keep(&mut self, asker: Asker<A>, name: Option<Asked<T>>, address: IpAddr, ttl: u32, now_ns: u64) {
        let address = address.to_canonical();
        if address.is_loopback() || address.is_unspecified() {
            return;
        }
        self.table.add(
            Entry {
                asker,
                asked: name,
                address,
                until_ns: end_ns(ttl, now_ns),
            },
            now_ns,
        );
    }
}
