use serde::{Deserialize, Serialize};
use umbra_policy::Verdict;
use utoipa::ToSchema;

/// What a finding is about. `docs/FINDINGS.md` has the rules of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A program that nobody has sanctioned uses a vendor for the first time.
    NewCaller,
    /// A program uses a vendor that it must not, for the first time.
    ProhibitedUse,
    /// A vendor that no host has used before, by a caller that nobody has sanctioned.
    FirstUse,
    /// A program reaches a vendor past the egress that the organisation has approved.
    GatewayBypass,
    /// A program uses the personal plan of a product of which the organisation has a plan of its own.
    PersonalPlan,
    /// A caller sends far more to a vendor than it is used to.
    VolumeSpike,
    /// An agent is not heard, though its host is not said to be gone.
    SilentAgent,
    /// An agent loses more of what it sees than is bearable.
    LossyAgent,
    /// A sanction that callers need ends soon.
    SanctionExpiring,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::NewCaller,
        Self::ProhibitedUse,
        Self::FirstUse,
        Self::GatewayBypass,
        Self::PersonalPlan,
        Self::VolumeSpike,
        Self::SilentAgent,
        Self::LossyAgent,
        Self::SanctionExpiring,
    ];

    /// The word used in the store, in the API and in alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewCaller => "new_caller",
            Self::ProhibitedUse => "prohibited_use",
            Self::FirstUse => "first_use",
            Self::GatewayBypass => "gateway_bypass",
            Self::PersonalPlan => "personal_plan",
            Self::VolumeSpike => "volume_spike",
            Self::SilentAgent => "silent_agent",
            Self::LossyAgent => "lossy_agent",
            Self::SanctionExpiring => "sanction_expiring",
        }
    }

    /// The kind of this word; `None` when a later version wrote it.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What use with this verdict is; `None`: as it should be.
    pub const fn with(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Sanctioned => None,
            Verdict::Unreviewed => Some(Self::NewCaller),
            Verdict::Prohibited => Some(Self::ProhibitedUse),
        }
    }

    /// How soon a person should look: what is against a written decision goes before what nobody has decided.
    pub const fn severity(self) -> Severity {
        match self {
            Self::ProhibitedUse | Self::GatewayBypass | Self::PersonalPlan => Severity::High,
            Self::NewCaller
            | Self::FirstUse
            | Self::VolumeSpike
            | Self::SilentAgent
            | Self::LossyAgent
            | Self::SanctionExpiring => Severity::Medium,
        }
    }

    /// What is in a heading after the finding's number.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NewCaller => "a new caller, unreviewed",
            Self::ProhibitedUse => "a prohibited use",
            Self::FirstUse => "a vendor's first use",
            Self::GatewayBypass => "a gateway bypass",
            Self::PersonalPlan => "a personal plan",
            Self::VolumeSpike => "a volume spike",
            Self::SilentAgent => "a silent agent",
            Self::LossyAgent => "a lossy agent",
            Self::SanctionExpiring => "a sanction that ends soon",
        }
    }

    /// Whether it is raised for what the policy says of a report's observations, and closed once the policy says
    /// otherwise.
    pub const fn is_of_policy(self) -> bool {
        match self {
            Self::NewCaller
            | Self::ProhibitedUse
            | Self::FirstUse
            | Self::GatewayBypass
            | Self::PersonalPlan => true,
            Self::VolumeSpike | Self::SilentAgent | Self::LossyAgent | Self::SanctionExpiring => false,
        }
    }

    /// Whether it is about what a program does, and not about an agent or a sanction.
    pub const fn is_of_program(self) -> bool {
        !matches!(
            self,
            Self::SilentAgent | Self::LossyAgent | Self::SanctionExpiring
        )
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
