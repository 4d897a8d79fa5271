//! The rules that are told at the head of [`super`].

use std::net::IpAddr;

use super::{Answers, Asked, EchVerdict, Others};
use crate::names::host::HostName;

impl<A: PartialEq, T: PartialEq> Answers<A, T> {
    /// The name that a flow of `asker` to `address` goes to.
    pub fn who(&self, asker: &A, address: IpAddr, now_ns: u64, others: Others) -> Option<&Asked<T>> {
        let candidates = self.candidates(asker, address, now_ns, others);
        if candidates.others {
            return None;
        }
        one(&candidates.asked)
    }

    /// What the name `outer` is in a hello of `asker` to `address` that carries encrypted client hello.
    pub fn judge_ech(
        &self,
        asker: &A,
        address: IpAddr,
        outer: Option<&HostName>,
        now_ns: u64,
        others: Others,
    ) -> EchVerdict<'_, T> {
        let Some(outer) = outer.map(HostName::as_str) else {
            return EchVerdict::Unknown;
        };
        let candidates = self.candidates(asker, address, now_ns, others);
        let is_asked_for = candidates.asked.iter().any(|asked| *asked.name == *outer);
        let mut behind = candidates.asked;
        behind.retain(|asked| *asked.name != *outer && self.fronts.has(&asked.name, outer, now_ns));
        match (is_asked_for, behind.is_empty()) {
            (true, true) => EchVerdict::Grease,
            // A name that nobody wants may have the same front.
            (false, false) if !candidates.others => {
                one(&behind).map_or(EchVerdict::Unknown, EchVerdict::Real)
            }
            _ => EchVerdict::Unknown,
        }
    }

    /// Whether anyone was given `address` for a wanted name.
    pub fn is_wanted(&self, address: IpAddr, now_ns: u64) -> bool {
        let here = self.table.at(address, now_ns);
        here.has_lost() || here.entries().any(|entry| entry.asked.is_some())
    }

    /// What a flow of `asker` to `address` may go to.
    fn candidates(&self, asker: &A, address: IpAddr, now_ns: u64, others: Others) -> Candidates<'_, T> {
        let here = self.table.at(address, now_ns);
        let own = here.entries().filter(|entry| entry.asker.key == *asker);
        if own.clone().next().is_some() {
            return Candidates {
                others: others.own || own.clone().any(|entry| entry.asked.is_none()),
                asked: own.filter_map(|entry| entry.asked.as_ref()).collect(),
            };
        }
        let by = |is_resolver| {
            let entries = here
                .entries()
                .filter(move |entry| entry.asker.is_resolver == is_resolver);
            entries.filter_map(|entry| entry.asked.as_ref())
        };
        let names = match by(true).next() {
            Some(_) => by(false).chain(by(true)).collect(),
            None => Vec::new(),
        };
        Candidates {
            asked: names,
            others: others.own
                || others.any
                || here.has_lost()
                || here.entries().any(|entry| entry.asked.is_none()),
        }
    }
}

/// Wanted names that a flow may go to; those that count most are last.
struct Candidates<'a, T> {
    asked: Vec<&'a Asked<T>>,
    /// Whether it may go to a name that nobody wants, or that is not known.
    others: bool,
}

/// The last of `asked`, if all count as one.
fn one<'a, T: PartialEq>(asked: &[&'a Asked<T>]) -> Option<&'a Asked<T>> {
    let (&last, others) = asked.split_last()?;
    others
        .iter()
        .all(|other| other.wanted == last.wanted)
        .then_some(last)
}
