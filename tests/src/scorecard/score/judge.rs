//! One flow, and what was said of it.

use std::fmt::Debug;
use std::fs;

use serde::Serialize;

use super::Verdict;
use crate::scorecard::caused::{Place, Span};
use crate::scorecard::observed::Counted;
use crate::scorecard::{Caused, Observed};
use crate::truth::Bytes;

/// Most bytes of headers in a packet: Ethernet, IPv6, TCP with all options.
const HEADERS: u64 = 14 + 40 + 60;

/// A verdict on each thing, and what was said where it is not the truth.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// Whether it is known for what was asked for.
    pub name: Verdict,
    /// Whether the program is known.
    pub program: Verdict,
    /// Whether the user is known.
    pub user: Verdict,
    /// Whether unit or container is known, or that there is none.
    pub place: Verdict,
    /// Whether the bytes are right.
    pub bytes: Verdict,
    /// Shortfalls: what was said, and what is true.
    pub notes: Vec<String>,
}

impl Default for Judgement {
    /// Of a flow that was not reported.
    fn default() -> Self {
        Self {
            name: Verdict::Fail,
            program: Verdict::Fail,
            user: Verdict::Fail,
            place: Verdict::Fail,
            bytes: Verdict::Fail,
            notes: vec!["not reported".to_owned()],
        }
    }
}

impl Judgement {
    /// Judges what was said of a flow.
    pub fn of(truth: &Caused, seen: &Observed) -> Self {
        let mut notes = Vec::new();
        let mut note = |what: &str, verdict: Verdict, said: String, is: String| {
            if verdict != Verdict::Pass {
                notes.push(format!("{what}: {said} for {is}"));
            }
            verdict
        };
        let caller = &truth.caller;
        Self {
            name: note(
                "name",
                name(truth, seen),
                told(Some(&seen.names).filter(|names| !names.is_empty())),
                truth.name.to_owned(),
            ),
            program: note(
                "program",
                program(truth, seen),
                told(seen.program.as_ref().or(seen.exe.as_ref())),
                caller.program.clone(),
            ),
            user: note("user", user(truth, seen), told(seen.uid), caller.uid.to_string()),
            place: note(
                "place",
                place(&caller.place, seen.place.as_ref()),
                told(seen.place.as_ref()),
                format!("{:?}", caller.place),
            ),
            bytes: note(
                "bytes",
                bytes(&truth.bytes, seen.bytes),
                told(seen.bytes),
                format!("{:?}", truth.bytes),
            ),
            notes,
        }
    }

    /// How good it is as a whole.
    pub(super) fn points(&self) -> u32 {
        let all = [self.name, self.program, self.user, self.place, self.bytes];
        all.map(|verdict| match verdict {
            Verdict::Pass => 2,
            Verdict::Partial => 1,
            Verdict::Fail => 0,
        })
        .into_iter()
        .sum()
    }
}

fn told(said: Option<impl Debug>) -> String {
    said.map_or_else(|| "nothing".to_owned(), |it| format!("{it:?}"))
}

/// Of several names one must be right. PARTIAL: another name of the same vendor.
fn name(truth: &Caused, seen: &Observed) -> Verdict {
    if seen.names.iter().any(|name| name == truth.name) {
        Verdict::Pass
    } else if seen.vendor.as_deref() == Some(truth.vendor) {
        Verdict::Partial
    } else {
        Verdict::Fail
    }
}

/// PARTIAL: the executable without the script behind it.
fn program(truth: &Caused, seen: &Observed) -> Verdict {
    let caller = &truth.caller;
    if seen.program.as_deref() == Some(&caller.program) {
        Verdict::Pass
    } else if seen.exe.as_deref() == Some(&caller.exe) {
        Verdict::Partial
    } else {
        Verdict::Fail
    }
}

/// PARTIAL: the number without its name.
fn user(truth: &Caused, seen: &Observed) -> Verdict {
    if seen.uid != Some(truth.caller.uid) {
        Verdict::Fail
    } else if seen.user == account(truth.caller.uid) {
        Verdict::Pass
    } else {
        Verdict::Partial
    }
}

/// The host's name of a user.
fn account(uid: u32) -> Option<String> {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// PARTIAL: that it is a container, or a unit, but not which.
fn place(truth: &Place, seen: Option<&Place>) -> Verdict {
    match (truth, seen) {
        (truth, Some(seen)) if truth == seen => Verdict::Pass,
        (Place::Container(_), Some(Place::Container(_))) | (Place::Unit(_), Some(Place::Unit(_))) => {
            Verdict::Partial
        }
        _ => Verdict::Fail,
    }
}

/// PARTIAL: within one part in a hundred, or whole packets of this payload.
fn bytes(truth: &Span, seen: Option<Counted>) -> Verdict {
    let Some(counted) = seen else { return Verdict::Fail };
    match counted {
        Counted::Payload(bytes) if truth.holds(bytes) => Verdict::Pass,
        Counted::Payload(bytes) if truth.widened().holds(bytes) => Verdict::Partial,
        Counted::Packets { bytes, packets } if truth.with_headers(packets).holds(bytes) => Verdict::Partial,
        _ => Verdict::Fail,
    }
}

impl Span {
    fn widened(self) -> Self {
        let Self { mut least, mut most } = self;
        least.out -= least.out / 100;
        least.r#in -= least.r#in / 100;
        most.out += most.out / 100;
        most.r#in += most.r#in / 100;
        Self { least, most }
    }

    fn with_headers(mut self, packets: Bytes) -> Self {
        self.most.out += packets.out * HEADERS;
        self.most.r#in += packets.r#in * HEADERS;
        self
    }
}
