use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use umbra_policy::Verdict;
use utoipa::ToSchema;

/// What a finding was raised for, as it was then: the store keeps it as JSON. People and hosts are counted and not
/// named, so that nobody's name outlives what the inventory holds of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Facts {
    /// What the reports that raised it had seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// Of a gateway bypass: the way that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bypass: Option<Bypass>,
    /// Of a personal plan: which, and of what the organisation has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Of a volume spike: how much, against what is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike: Option<Spike>,
    /// Of a silent agent: since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence: Option<Silence>,
    /// Of a lossy agent: how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Lost>,
    /// Of a sanction that ends soon: which, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
}

/// What was seen of a program and a vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// Flows that began.
    pub flows: u64,
    /// Bytes that callers sent.
    pub bytes_out: u64,
    /// Bytes that callers received.
    pub bytes_in: u64,
    /// Users, on their hosts.
    pub users: u64,
    /// Hosts.
    pub hosts: u64,
    /// Host names that were asked for, ten at most.
    pub names: BTreeSet<String>,
    /// When the first of it was seen.
    pub from: Timestamp,
    /// When the last of it was seen.
    pub to: Timestamp,
}

/// The way past an approved egress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bypass {
    /// The rule of the policy.
    pub egress: String,
    /// What it approves: addresses of proxies and gateways.
    pub approved: Vec<String>,
    /// Proxies that were taken instead, ten at most; empty when all went directly.
    pub via: BTreeSet<String>,
    /// Whether any flow went directly.
    pub direct: bool,
}

/// A personal plan in the place of the organisation's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PersonalPlan)]
pub struct Plan {
    /// The rule of the policy.
    pub rule: String,
    /// The plan that the organisation has.
    pub has: String,
    /// The service of the personal plan.
    pub service: String,
}

/// A day's bytes against those of the days before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spike {
    /// The day (UTC).
    #[schema(value_type = String, format = "date")]
    pub day: Date,
    /// Bytes sent on it, so far.
    pub bytes_out: u64,
    /// Median of the days before on which anything was sent.
    pub usual: u64,
    /// The least of these days.
    pub least: u64,
    /// The most of these days.
    pub most: u64,
    /// How many days these are, of the 28 before.
    pub days: u32,
    /// Callers, a user's program on a host each, that had such a day.
    pub callers: u64,
}

/// How long an agent has not been heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Silence {
    /// When it last reported.
    pub last_report: Timestamp,
    /// How long collectors had listened since then when it was raised, in hours.
    pub hours: u64,
}

/// What an agent lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lost {
    /// Since when it was counted.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How much was lost.
    pub lost: u64,
    /// Flows that were told in the same time.
    pub flows: u64,
    /// How much was lost in all, by cause, of the causes that rose; eight at most.
    pub causes: BTreeMap<String, u64>,
}

/// The end of a sanction that callers need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expiry {
    /// The sanction's id.
    pub sanction: String,
    /// What it says.
    pub verdict: Verdict,
    /// When it ends.
    pub expires: Timestamp,
    /// Within how many days that was when somebody was told: 14, then 3.
    pub days: u8,
}
