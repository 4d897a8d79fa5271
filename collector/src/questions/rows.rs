use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use umbra_policy::Verdict;
use utoipa::ToSchema;

use super::Cells;
use crate::store::{Part, PastSpike, Sender};

/// What a caller did with a name of the vendor while one policy held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Used {
    /// The hours of this row: from the one to before the other.
    from: Timestamp,
    to: Timestamp,
    user: Option<String>,
    uid: u32,
    host: String,
    program: String,
    script: Option<String>,
    unit: Option<String>,
    image: Option<String>,
    vendor: String,
    service: String,
    kind: String,
    name: String,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// What the policy of that time said.
    verdict: Verdict,
    /// The sanction that counted; null when nobody had decided.
    sanction: Option<String>,
    /// The version of the policy; 0 before anything was decided.
    policy: u64,
}

/// What had been decided about a caller's use of a name of the vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Covered {
    /// The hours of this row: from the one to before the other.
    from: Timestamp,
    to: Timestamp,
    user: Option<String>,
    uid: u32,
    host: String,
    program: String,
    vendor: String,
    service: String,
    name: String,
    flows: u64,
    bytes_out: u64,
    verdict: Verdict,
    /// The sanction that counted; null when nobody had decided, as the next six then are.
    sanction: Option<String>,
    /// What it was about, in words.
    scope: Option<String>,
    /// Which data might be sent.
    data: Option<String>,
    reason: Option<String>,
    approver: Option<String>,
    expires: Option<Timestamp>,
    ticket: Option<String>,
    /// The version of the policy; 0 before anything was decided.
    policy: u64,
    /// When it came into force, and who put it there; null before anything was decided.
    applied: Option<Timestamp>,
    applied_by: Option<String>,
}

/// How much a user's program sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sent {
    /// The user's name, or `uid 1000` of one whom the host knows no name of.
    user: String,
    program: String,
    /// On how many hosts.
    hosts: u64,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
}

/// A day on which a program sent far more to the vendor than it was used to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Spiked {
    /// The day (UTC).
    #[schema(value_type = String, format = "date")]
    day: Date,
    vendor: String,
    program: String,
    /// `image:NAME`, `unit:NAME`, `container`, or empty.
    place: String,
    /// Of several callers with such a day, the one that sent most.
    user: Option<String>,
    uid: u32,
    host: String,
    /// How many callers, a user's program on a host each, had such a day.
    callers: u64,
    bytes_out: u64,
    /// Median, least and most of the days before on which anything was sent, and how many these were, of 28.
    usual: u64,
    least: u64,
    most: u64,
    days: u32,
    /// The finding of this program and vendor; null when it is not kept any more.
    finding: Option<i64>,
}

impl Used {
    pub(crate) fn of(part: &Part) -> Self {
        let (used, sum) = (&part.used, part.sum);
        let decided = part.period.policy.decide(used, part.period.from);
        Self {
            from: part.period.from,
            to: part.period.to,
            user: used.user_name.clone(),
            uid: used.uid,
            host: used.host.clone(),
            program: used.program.clone(),
            script: used.script.clone(),
            unit: used.unit.clone(),
            image: used.image.clone(),
            vendor: used.vendor.clone(),
            service: used.service.clone(),
            kind: used.kind.clone(),
            name: used.name.clone(),
            flows: sum.flows,
            bytes_out: sum.bytes_out,
            bytes_in: sum.bytes_in,
            first_seen: sum.first_seen,
            last_seen: sum.last_seen,
            verdict: decided.verdict,
            sanction: decided.by.map(|by| by.id.clone()),
            policy: part.period.policy.decided.number(),
        }
    }
}

impl Covered {
    pub(crate) fn of(part: &Part) -> Self {
        let (used, sum) = (&part.used, part.sum);
        let policy = &part.period.policy;
        let decided = policy.decide(used, part.period.from);
        let version = policy.decided.version.as_ref();
        Self {
            from: part.period.from,
            to: part.period.to,
            user: used.user_name.clone(),
            uid: used.uid,
            host: used.host.clone(),
            program: used.program.clone(),
            vendor: used.vendor.clone(),
            service: used.service.clone(),
            name: used.name.clone(),
            flows: sum.flows,
            bytes_out: sum.bytes_out,
            verdict: decided.verdict,
            sanction: decided.by.map(|by| by.id.clone()),
            scope: decided.by.map(|by| used.discreet(by.scope.to_string())),
            data: decided
                .by
                .and_then(|by| by.data.as_ref().map(ToString::to_string)),
            reason: decided.by.map(|by| used.discreet(by.reason.clone())),
            approver: decided.by.map(|by| by.approver.clone()),
            expires: decided.by.and_then(|by| by.expires),
            ticket: decided.by.and_then(|by| by.ticket.clone()),
            policy: policy.decided.number(),
            applied: version.map(|version| version.applied),
            applied_by: version.map(|version| version.actor.clone()),
        }
    }
}

impl From<Sender> for Sent {
    fn from(sender: Sender) -> Self {
        Self {
            user: sender.user,
            program: sender.program,
            hosts: sender.hosts,
            flows: sender.flows,
            bytes_out: sender.bytes_out,
            bytes_in: sender.bytes_in,
        }
    }
}

impl From<PastSpike> for Spiked {
    fn from(past: PastSpike) -> Self {
        let spike = past.spike;
        Self {
            day: spike.day,
            vendor: past.vendor,
            program: past.program,
            place: past.place,
            user: past.user_name,
            uid: past.uid,
            host: past.host,
            callers: spike.callers,
            bytes_out: spike.bytes_out,
            usual: spike.usual,
            least: spike.least,
            most: spike.most,
            days: spike.days,
            finding: past.finding,
        }
    }
}

/// A cell that is empty where nothing is known.
fn cell<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

impl Cells for Used {
    const HEAD: &'static [&'static str] = &[
        "from",
        "to",
        "user",
        "uid",
        "host",
        "program",
        "script",
        "unit",
        "image",
        "vendor",
        "service",
        "kind",
        "name",
        "flows",
        "bytes_out",
        "bytes_in",
        "first_seen",
        "last_seen",
        "verdict",
        "sanction",
        "policy",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.from.to_string(),
            self.to.to_string(),
            cell(self.user.as_ref()),
            self.uid.to_string(),
            self.host.clone(),
            self.program.clone(),
            cell(self.script.as_ref()),
            cell(self.unit.as_ref()),
            cell(self.image.as_ref()),
            self.vendor.clone(),
            self.service.clone(),
            self.kind.clone(),
            self.name.clone(),
            self.flows.to_string(),
            self.bytes_out.to_string(),
            self.bytes_in.to_string(),
            self.first_seen.to_string(),
            self.last_seen.to_string(),
            self.verdict.to_string(),
            cell(self.sanction.as_ref()),
            self.policy.to_string(),
        ]
    }
}

impl Cells for Covered {
    const HEAD: &'static [&'static str] = &[
        "from",
        "to",
        "user",
        "uid",
        "host",
        "program",
        "vendor",
        "service",
        "name",
        "flows",
        "bytes_out",
        "verdict",
        "sanction",
        "scope",
        "data",
        "reason",
        "approver",
        "expires",
        "ticket",
        "policy",
        "applied",
        "applied_by",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.from.to_string(),
            self.to.to_string(),
            cell(self.user.as_ref()),
            self.uid.to_string(),
            self.host.clone(),
            self.program.clone(),
            self.vendor.clone(),
            self.service.clone(),
            self.name.clone(),
            self.flows.to_string(),
            self.bytes_out.to_string(),
            self.verdict.to_string(),
            cell(self.sanction.as_ref()),
            cell(self.scope.as_ref()),
            cell(self.data.as_ref()),
            cell(self.reason.as_ref()),
            cell(self.approver.as_ref()),
            cell(self.expires.as_ref()),
            cell(self.ticket.as_ref()),
            self.policy.to_string(),
            cell(self.applied.as_ref()),
            cell(self.applied_by.as_ref()),
        ]
    }
}

impl Cells for Sent {
    const HEAD: &'static [&'static str] = &["user", "program", "hosts", "flows", "bytes_out", "bytes_in"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.user.clone(),
            self.program.clone(),
            self.hosts.to_string(),
            self.flows.to_string(),
            self.bytes_out.to_string(),
            self.bytes_in.to_string(),
        ]
    }
}

impl Cells for Spiked {
    const HEAD: &'static [&'static str] = &[
        "day",
        "vendor",
        "program",
        "place",
        "user",
        "uid",
        "host",
        "callers",
        "bytes_out",
        "usual",
        "least",
        "most",
        "days",
        "finding",
    ];
    const NONE: &'static str = "no spike, as far as is known";

    fn cells(&self) -> Vec<String> {
        vec![
            self.day.to_string(),
            self.vendor.clone(),
            self.program.clone(),
            self.place.clone(),
            cell(self.user.as_ref()),
            self.uid.to_string(),
            self.host.clone(),
            self.callers.to_string(),
            self.bytes_out.to_string(),
            self.usual.to_string(),
            self.least.to_string(),
            self.most.to_string(),
            self.days.to_string(),
            cell(self.finding.as_ref()),
        ]
    }
}
