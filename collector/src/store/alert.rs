use jiff::Timestamp;
use umbra_policy::Verdict;
use umbra_report::Evidence;

use super::{evidence, findings, time};
use crate::findings::{Facts, FindingKind, FindingState, Severity, Told};

/// What happened to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// It was raised, for the first time or again.
    Raised,
    /// It was resolved, snoozed, or found to be a false alarm.
    Ended,
}

impl Event {
    /// The word used in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Ended => "ended",
        }
    }
}

/// A finding on its way along a route.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Alert {
    /// The queue's number.
    pub id: i64,
    /// Stable over attempts and restarts: by it the receiver drops a repeat.
    pub delivery: String,
    /// The finding.
    pub finding: i64,
    /// Kind of finding.
    pub kind: String,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Kind of the service.
    pub service_kind: String,
    /// Host name asked for.
    pub name: String,
    /// Fleet-wide name of the program.
    pub program: String,
    /// Path of the executable.
    pub exe: Option<String>,
    /// Script or module behind the interpreter.
    pub script: Option<String>,
    /// Image of the container.
    pub image: Option<String>,
    /// Systemd unit.
    pub unit: Option<String>,
    /// User id on the host.
    pub uid: i64,
    /// The user's name.
    pub user_name: Option<String>,
    /// Host on which it was first seen.
    pub host: String,
    /// Version of the policy under which it was raised; `None`: it was raised before there were any.
    pub policy: Option<i64>,
    /// The sanction that counted, if any did.
    pub sanction: Option<String>,
    /// Who put it into its state.
    pub decided_by: Option<String>,
    /// Why.
    pub decided_reason: Option<String>,
    pub(super) event: String,
    pub(super) evidence: i64,
    pub(super) first_seen: i64,
    pub(super) created: i64,
    pub(super) state: String,
    pub(super) decided: Option<i64>,
    pub(super) facts: Option<String>,
}

/// The columns of an [`Alert`], of a table `o` of deliveries. The state is that of `$1`.
macro_rules! alerts {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.delivery, o.event, f.id AS finding, f.kind, f.vendor, d.service,
                    d.kind AS service_kind, d.name, p.name AS program, c.exe, c.script, c.image, c.unit, c.uid,
                    c.user_name, a.host, f.policy, f.sanction, f.evidence, f.first_seen, f.created,
                    CASE WHEN f.state = 'snoozed' AND f.snoozed_until <= $1 THEN 'open' ELSE f.state END AS state,
                    f.decided, f.decided_by, f.decided_reason, f.facts
             FROM deliveries o
             JOIN findings f ON f.id = o.finding
             JOIN destinations d ON d.id = f.destination
             JOIN callers c ON c.id = f.caller
             JOIN programs p ON p.id = f.program
             JOIN agents a ON a.id = c.agent ",
            $rest
        )
    };
}

pub(super) use alerts;

impl Alert {
    /// What happened.
    pub fn event(&self) -> Event {
        if self.event == Event::Ended.as_str() {
            Event::Ended
        } else {
            Event::Raised
        }
    }

    /// How the name is known; `None` when a later version wrote it.
    pub fn evidence(&self) -> Option<Evidence> {
        evidence::of_rank(self.evidence)
    }

    /// The verdict that the finding was raised under, where its kind says so; others are of what nobody has decided, or of
    /// what the sanction says.
    pub fn verdict(&self) -> Verdict {
        match FindingKind::of(&self.kind) {
            Some(FindingKind::ProhibitedUse) => Verdict::Prohibited,
            Some(FindingKind::SanctionExpiring) => {
                let expiry = self.facts().expiry;
                expiry.map_or(Verdict::Unreviewed, |expiry| expiry.verdict)
            }
            _ => Verdict::Unreviewed,
        }
    }

    /// What the finding was raised for.
    pub fn facts(&self) -> Facts {
        findings::facts(self.facts.as_deref())
    }

    /// What the finding is about, in a sentence.
    pub fn explanation(&self) -> String {
        let told = Told {
            kind: FindingKind::of(&self.kind),
            program: &self.program,
            vendor: &self.vendor,
            name: &self.name,
            user: self.user_name.as_deref(),
            uid: self.uid,
            host: &self.host,
            sanction: self.sanction.as_deref(),
            facts: &self.facts(),
        };
        told.sentence()
    }

    /// How soon a person should look.
    pub fn severity(&self) -> Severity {
        FindingKind::of(&self.kind).map_or(Severity::Medium, FindingKind::severity)
    }

    /// What a person has done about it, as of when this was read.
    pub fn state(&self) -> FindingState {
        FindingState::of(&self.state).unwrap_or_default()
    }

    /// When the caller was first seen.
    pub fn first_seen(&self) -> Timestamp {
        time(self.first_seen)
    }

    /// When the finding was made.
    pub fn created(&self) -> Timestamp {
        time(self.created)
    }

    /// When somebody put it into its state.
    pub fn decided(&self) -> Option<Timestamp> {
        self.decided.map(time)
    }
}
