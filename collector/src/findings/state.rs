use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has been done about a finding.
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
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::Acknowledged,
        Self::Snoozed,
        Self::Resolved,
        Self::FalseAlarm,
    ];

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
        Self::ALL.into_iter().find(|state| state.as_str() == word)
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
