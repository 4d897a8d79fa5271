//! What deserves a person: a new caller that nobody has sanctioned, and prohibited use.
//!
//! One finding of a kind stands for a fleet-wide caller and a vendor, and that caller is keyed on the program's fleet-wide name
//! and its place ([`crate::inventory::fleet_wide`]): neither host, pid, home directory nor user is in the key. The
//! same tool run by two people on three hosts is one program with two users, and one decision for whoever sanctions
//! it; the page shows each of its users and hosts as a row. The finding is made in the transaction that stores the
//! observation, and a unique key of the store keeps it the only one.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;
use umbra_policy::Verdict;
use umbra_report::Evidence;
use utoipa::ToSchema;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A program that nobody has sanctioned uses a vendor for the first time.
    NewCaller,
    /// A program uses a vendor that it must not, for the first time.
    ProhibitedUse,
}

impl FindingKind {
    /// The word used in the store, in the API and in alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewCaller => "new_caller",
            Self::ProhibitedUse => "prohibited_use",
        }
    }

    /// The kind of this word; `None` when a later version wrote it.
    pub fn of(word: &str) -> Option<Self> {
        [Self::NewCaller, Self::ProhibitedUse]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// What use with this verdict is; `None`: as it should be.
    pub const fn with(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Sanctioned => None,
            Verdict::Unreviewed => Some(Self::NewCaller),
            Verdict::Prohibited => Some(Self::ProhibitedUse),
        }
    }

    /// How soon a person should look.
    pub const fn severity(self) -> Severity {
        match self {
            Self::NewCaller => Severity::Medium,
            Self::ProhibitedUse => Severity::High,
        }
    }

    /// The verdict that it was raised under.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::NewCaller => Verdict::Unreviewed,
            Self::ProhibitedUse => Verdict::Prohibited,
        }
    }
}

/// How soon a person should look at a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// When the list is worked through.
    Medium,
    /// Soon.
    High,
}

impl Severity {
    /// The word used in the API, in alerts and in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a person has done about a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Nothing, or not enough.
    #[default]
    Open,
    /// Somebody looks into it.
    Acknowledged,
    /// It is settled.
    Resolved,
    /// It is put aside for a while.
    Snoozed,
    /// There was nothing to find.
    FalseAlarm,
}

impl FindingState {
    /// The word used in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Snoozed => "snoozed",
            Self::FalseAlarm => "false_alarm",
        }
    }

    /// The state of this word; `None` when a later version wrote it.
    pub fn of(word: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Acknowledged,
            Self::Resolved,
            Self::Snoozed,
            Self::FalseAlarm,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

impl fmt::Display for FindingState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::FalseAlarm => "a false alarm",
            other => other.as_str(),
        })
    }
}

/// Whether an observation is enough for a finding: not when it is but static content or telemetry, which other sites
/// embed, nor when an address alone says which name it was.
pub fn deserves_one(kind: Kind, evidence: Evidence) -> bool {
    kind.raises_finding() && evidence != Evidence::Ip
}
