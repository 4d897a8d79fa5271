//! The form that people keep in Git, TOML:
//!
//! ```toml
//! version = 1
//! own_classes = ["patient"]            # data classes beside public, internal, confidential and restricted
//! single_approval = []                 # those of them for which whoever asks may approve, too
//!
//! [groups]                             # beside the groups that hosts know
//! developers = ["alice", "bob"]
//!
//! [[sanction]]
//! id = "copilot"
//! verdict = "sanctioned"               # sanctioned, prohibited or unreviewed
//! vendor = "GitHub"                    # about what: any of vendor, service and kind,
//! group = "developers"                 # script, program, package, user, group, host_label, unit, image, namespace;
//!                                      # but for the first three, `*` stands for any characters
//! data = "internal"                    # which data may be sent, if it is sanctioned
//! reason = "We have the business plan, which trains on nothing"
//! approver = "Eve Example"
//! expires = 2027-06-30                 # the last day (UTC), or a time
//! ticket = "https://tickets.example/SEC-12"
//!
//! [[egress]]                           # the way by which some vendors are to be reached
//! id = "gateway"
//! vendors = ["OpenAI"]                 # all, when it is left out; and kinds = ["api"]
//! via = ["10.1.2.3:3128"]              # addresses of proxies: with a port or any, or a network
//! direct = [{ host_label = "role=gateway" }]   # who may go any way; conditions are those of a sanction
//! reason = "Keys are kept there"
//! approver = "Eve Example"
//!
//! [[plan]]                             # what the organisation has a plan of, so that nobody needs a personal one
//! id = "copilot"
//! vendor = "GitHub"
//! plan = "business"
//! reason = "Contract 7"
//! approver = "Eve Example"
//! ```

mod form;
mod names;
mod rules;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use umbra_catalog::{Catalogue, Kind};

use crate::data::DataClass;
use crate::egress::Egress;
use crate::plan::{Plan, Rules};
use crate::policy::Policy;
use crate::rivals::{Rivals, rivals};
use crate::sanction::Sanction;
use form::{Form, Lines};

/// Bytes of a file.
pub(crate) const LENGTH: usize = 4 << 20;
/// Sanctions of a file.
pub(crate) const SANCTIONS: usize = 5_000;
/// Groups of a file, and users of a group.
pub(crate) const GROUPS: usize = 5_000;
/// Rules for egress of a file, and plans.
pub(crate) const RULES: usize = 500;
/// Remarks that are given.
const REMARKS: usize = 200;

/// What a policy's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// The organisation's own data classes.
    pub own_classes: BTreeSet<String>,
    /// Those of them for which one person may both ask and approve.
    pub single_approval: BTreeSet<String>,
    /// Users by their groups.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// Sanctions in the file's order; the names of vendors and services are the catalogue's.
    pub sanctions: Vec<Sanction>,
    /// Ways by which vendors are to be reached.
    pub egress: Vec<Egress>,
    /// Plans that the organisation has.
    pub plans: Vec<Plan>,
    /// Line of each sanction, from 1.
    lines: Vec<usize>,
    /// What each sanction's vendor or service is for, by the catalogue; `None`: anything.
    kinds: Vec<Option<BTreeSet<Kind>>>,
    /// What is odd about names, found while the file was read.
    odd: Vec<Fault>,
}

/// Something in a file that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What, and what to do about it.
    pub reason: String,
}

impl File {
    /// Reads a file whole, or gives everything that is wrong with it, by lines.
    ///
    /// `time` is when it is to hold: what has expired by then contradicts nothing.
    pub fn parse(text: &str, catalogue: &Catalogue, time: Timestamp) -> Result<Self, Vec<Fault>> {
        if text.len() > LENGTH {
            return Err(vec![Fault {
                line: 1,
                reason: format!("the file is longer than {LENGTH} bytes"),
            }]);
        }
        let form = Form::parse(text).map_err(|fault| vec![fault])?;
        let file = form.read(&Lines::of(text), catalogue)?;
        let contradictions = file.contradictions(time);
        if contradictions.is_empty() {
            Ok(file)
        } else {
            Err(contradictions)
        }
    }

    /// The text of a file with one more sanction at its end; what was there stays as it was written, remarks too. Of no text
    /// it is a file with that sanction alone. It may not be one that can be used: read it.
    pub fn with(text: &str, sanction: &Sanction) -> String {
        let before = if text.trim().is_empty() {
            "version = 1\n"
        } else {
            text
        };
        let end = if before.ends_with('\n') { "" } else { "\n" };
        format!("{before}{end}{}", write::table(sanction))
    }

    /// Whether two people must agree before data of this class may be sent: of confidential and restricted data always, of
    /// an organisation's own unless it says otherwise.
    pub fn takes_two(&self, class: &DataClass) -> bool {
        class.takes_two() && !matches!(class, DataClass::Own(name) if self.single_approval.contains(name))
    }

    /// The sanctions put together, in the file's order.
    pub fn policy(&self) -> Policy {
        Policy::new(self.sanctions.clone(), &self.groups).with(self.rules())
    }

    /// What is beside the sanctions.
    pub fn rules(&self) -> Rules {
        Rules {
            egress: self.egress.clone(),
            plans: self.plans.clone(),
        }
    }

    /// What may not be meant as it is written, though the file can be used: names that nobody knows, sanctions that have
    /// expired, and pairs of which neither is narrower. At most 200.
    pub fn remarks(&self, time: Timestamp) -> Vec<Fault> {
        let lines = self.sanctions.iter().zip(&self.lines);
        let expired = lines.filter(|(sanction, _)| !sanction.holds_at(time));
        let expired = expired.map(|(sanction, &line)| Fault {
            line,
            reason: format!("{} has expired, and counts no more", sanction.id),
        });
        let overlaps = rivals(&self.sanctions, time);
        let overlaps = overlaps.iter().filter(|rivals| !rivals.contradict && self.may_meet(rivals)).map(|rivals| Fault {
            line: self.line(rivals.other),
            reason: format!(
                "{} ({}) and {} ({}) may be about the same caller, and neither is narrower: {} counts there, being \
                 stricter",
                rivals.other.id, rivals.other.scope, rivals.counts.id, rivals.counts.scope, rivals.counts.id
            ),
        });
        let mut remarks: Vec<Fault> = self.odd.iter().cloned().chain(expired).chain(overlaps).collect();
        remarks.sort();
        remarks.truncate(REMARKS);
        remarks
    }

    /// Whether the catalogue has anything that is of both: a vendor without web applications has no part in a sanction
    /// about these.
    fn may_meet(&self, rivals: &Rivals<'_>) -> bool {
        let kinds = |sanction: &Sanction| {
            let place = self.place(sanction)?;
            self.kinds.get(place)?.as_ref()
        };
        match (kinds(rivals.counts), kinds(rivals.other)) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => true,
        }
    }

    fn contradictions(&self, time: Timestamp) -> Vec<Fault> {
        let pairs = rivals(&self.sanctions, time);
        let mut faults: Vec<Fault> = pairs
            .iter()
            .filter(|rivals| rivals.contradict)
            .map(|rivals| Fault {
                line: self.line(rivals.other),
                reason: format!(
                    "{} says {} and {} says {} about the same ({}): take one of them out, or make it narrower",
                    rivals.other.id,
                    rivals.other.verdict,
                    rivals.counts.id,
                    rivals.counts.verdict,
                    rivals.other.scope
                ),
            })
            .collect();
        faults.sort();
        faults
    }

    fn place(&self, sanction: &Sanction) -> Option<usize> {
        self.sanctions.iter().position(|other| other.id == sanction.id)
    }

    fn line(&self, sanction: &Sanction) -> usize {
        let place = self.place(sanction);
        place
            .and_then(|place| self.lines.get(place))
            .copied()
            .unwrap_or(1)
    }
}

/// `line 12: …`
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.reason)
    }
}

#[cfg(test)]
mod tests;
