//! Findings in words.

use jiff::Timestamp;

use super::{Wanted, facts};
use crate::findings::{FindingKind, FindingState, Severity};
use crate::pages::choice::Choice;
use crate::pages::format::{Time, ago, evidence};
use crate::store::{Finding, FindingDecided};

/// What the list is of.
pub(super) struct Filter {
    pub(super) states: Vec<Choice>,
    pub(super) severities: Vec<Choice>,
    pub(super) kinds: Vec<Choice>,
    pub(super) host: String,
    /// Whether it is the list that is shown to who asks for nothing.
    pub(super) is_usual: bool,
    state: &'static str,
}

impl Filter {
    pub(super) fn of(wanted: &Wanted, state: Option<FindingState>) -> Self {
        Self {
            states: Choice::all(&FindingState::ALL, state, |state| {
                (state.as_str(), state_word(state))
            }),
            severities: Choice::all(&[Severity::High, Severity::Medium], wanted.severity, |severity| {
                (severity.as_str(), severity.as_str())
            }),
            kinds: Choice::all(&FindingKind::ALL, wanted.kind, |kind| {
                (kind.as_str(), kind.title())
            }),
            host: wanted.host.clone().unwrap_or_default(),
            is_usual: state == Some(FindingState::Open)
                && wanted.severity.is_none()
                && wanted.kind.is_none()
                && wanted.host.is_none()
                && wanted.before.is_none(),
            state: state.map_or("all", FindingState::as_str),
        }
    }

    pub(super) fn is_of_all_states(&self) -> bool {
        self.state == "all"
    }

    /// The address of the same list, from a place on.
    pub(super) fn address(&self, before: Option<i64>) -> String {
        let mut fields = form_urlencoded::Serializer::for_suffix(String::from("/findings?"), 10);
        fields.append_pair("state", self.state);
        for (name, choices) in [("severity", &self.severities), ("kind", &self.kinds)] {
            if let Some(choice) = choices.iter().find(|choice| choice.is_chosen) {
                fields.append_pair(name, choice.value);
            }
        }
        if !self.host.is_empty() {
            fields.append_pair("host", &self.host);
        }
        if let Some(before) = before {
            fields.append_pair("before", &before.to_string());
        }
        fields.finish()
    }
}

/// A finding in the list.
pub(in crate::pages) struct Row {
    pub(in crate::pages) id: i64,
    pub(in crate::pages) title: String,
    pub(in crate::pages) severity: &'static str,
    pub(in crate::pages) sentence: String,
    pub(in crate::pages) host: String,
    pub(in crate::pages) created: Time,
    pub(in crate::pages) age: String,
    pub(in crate::pages) state: State,
}

impl Row {
    pub(in crate::pages) fn of(finding: &Finding, now: Timestamp) -> Self {
        Self {
            id: finding.id,
            title: title(finding),
            severity: severity(finding),
            sentence: finding.explanation(),
            host: finding.host.clone(),
            created: finding.created.into(),
            age: ago(finding.created, now),
            state: State::of(finding),
        }
    }
}

/// What has been done about a finding.
pub(in crate::pages) struct State {
    pub(in crate::pages) word: &'static str,
    pub(in crate::pages) is_open: bool,
    pub(in crate::pages) until: Option<Time>,
    pub(in crate::pages) decided: Option<Decided>,
}

/// Who did it.
pub(in crate::pages) struct Decided {
    pub(in crate::pages) actor: String,
    pub(in crate::pages) time: Time,
    pub(in crate::pages) reason: String,
}

impl State {
    fn of(finding: &Finding) -> Self {
        let decided = finding.decided.clone();
        Self {
            word: state_word(finding.state),
            is_open: finding.state == FindingState::Open,
            until: finding.snoozed_until.map(Time::from),
            decided: decided.map(|FindingDecided { actor, time, reason }| Decided {
                actor,
                time: time.into(),
                reason,
            }),
        }
    }
}

/// A finding with all that is known of it.
pub(super) struct One {
    pub(super) row: Row,
    /// Whether it is about what a program does, and not about an agent or a sanction.
    pub(super) is_of_program: bool,
    pub(super) program: String,
    pub(super) place: String,
    pub(super) vendor: String,
    pub(super) service: String,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) evidence: &'static str,
    pub(super) evidence_long: &'static str,
    pub(super) first_seen: Time,
    pub(super) policy: i64,
    pub(super) sanction: Option<String>,
    /// What it was raised for: names and values.
    pub(super) facts: Vec<(&'static str, String)>,
}

impl One {
    pub(super) fn of(finding: &Finding, now: Timestamp) -> Self {
        let (evidence, evidence_long) = evidence(finding.evidence);
        let user = match &finding.user_name {
            Some(name) => format!("{name} (uid {})", finding.uid),
            None => format!("uid {}", finding.uid),
        };
        Self {
            row: Row::of(finding, now),
            is_of_program: FindingKind::of(&finding.kind).is_none_or(FindingKind::is_of_program),
            program: finding.program.clone(),
            place: finding.place.replacen(':', " ", 1),
            vendor: finding.vendor.clone(),
            service: finding.service.clone(),
            name: finding.name.clone(),
            user,
            evidence,
            evidence_long,
            first_seen: finding.first_seen.into(),
            policy: finding.policy,
            sanction: finding.sanction.clone(),
            facts: facts::told(&finding.facts),
        }
    }
}

pub(super) fn state_word(state: FindingState) -> &'static str {
    match state {
        FindingState::FalseAlarm => "false alarm",
        other => other.as_str(),
    }
}

fn title(finding: &Finding) -> String {
    FindingKind::of(&finding.kind)
        .map_or_else(|| finding.kind.replace('_', " "), |kind| kind.title().to_owned())
}

fn severity(finding: &Finding) -> &'static str {
    FindingKind::of(&finding.kind)
        .map_or(Severity::Medium, FindingKind::severity)
        .as_str()
}
