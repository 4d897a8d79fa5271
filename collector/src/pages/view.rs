//! What the templates show, in words.

use jiff::Timestamp;
use umbra_policy::{Sanction, Verdict};
use umbra_report::Evidence;

use super::format::{Time, ago, bytes, thousands};
use crate::app::App;
use crate::findings::FindingKind;
use crate::policy::InForce;
use crate::query::Query;
use crate::store::{Health, Page, Presence, Use};
use crate::sums::Sum;

/// The page.
pub(super) struct View {
    /// What the search field holds.
    pub(super) search: String,
    /// The finding that the page is about.
    pub(super) finding: Option<i64>,
    /// What that one is about.
    pub(super) kind: Option<FindingKind>,
    /// Whether the page begins at the newest row.
    pub(super) first: bool,
    pub(super) rows: Vec<Row>,
    /// Query of the next page.
    pub(super) next: Option<String>,
    /// Query of the first page.
    pub(super) newest: String,
    pub(super) health: Strip,
    /// Where agents reach the collector.
    pub(super) address: String,
}

impl View {
    pub(super) fn new(
        query: &Query,
        page: Page,
        policy: &InForce,
        health: Strip,
        app: &App,
        now: Timestamp,
    ) -> Self {
        let search = query.q.as_deref().unwrap_or_default().trim().to_owned();
        let address = |after: Option<String>| {
            let mut fields = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
            if !search.is_empty() {
                fields.append_pair("q", &search);
            }
            if let Some(finding) = query.finding {
                fields.append_pair("finding", &finding.to_string());
            }
            if let Some(after) = after {
                fields.append_pair("after", &after);
            }
            fields.finish()
        };
        Self {
            finding: query.finding,
            kind: None,
            first: query.after.as_deref().is_none_or(str::is_empty),
            next: page.next.map(|position| address(Some(position.to_string()))),
            newest: address(None),
            rows: page
                .rows
                .into_iter()
                .map(|used| Row::of(used, policy, now))
                .collect(),
            health,
            address: app.page.as_str().trim_end_matches('/').to_owned(),
            search,
        }
    }
}

/// A row of the table.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) vendor: String,
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) program: String,
    /// What stands behind the program's name: script, executable, image or unit.
    pub(super) behind: String,
    pub(super) user: String,
    pub(super) uid: Option<u32>,
    /// What set the program off last.
    pub(super) origin: String,
    pub(super) host: String,
    pub(super) flows: String,
    pub(super) bytes_out: Bytes,
    pub(super) bytes_in: Bytes,
    pub(super) first_seen: Time,
    pub(super) last_seen: Time,
    pub(super) evidence: &'static str,
    pub(super) evidence_long: &'static str,
    /// The finding about it; without one there is a reason why it raised none.
    pub(super) finding: Option<i64>,
    pub(super) verdict: Verdict,
    /// Which sanction gave the verdict, for whom and why; empty when nobody has decided.
    pub(super) because: String,
}

/// Bytes with a unit, and exactly.
pub(super) struct Bytes {
    pub(super) short: String,
    pub(super) exact: String,
    pub(super) value: u64,
}

impl From<u64> for Bytes {
    fn from(value: u64) -> Self {
        Self {
            short: bytes(value),
            exact: format!("{} bytes", thousands(value)),
            value,
        }
    }
}

impl Row {
    fn of(used: Use, policy: &InForce, now: Timestamp) -> Self {
        let decision = policy.decide(&used, now);
        let because = decision.by.map_or_else(String::new, because);
        let verdict = decision.verdict;
        let finding = used.finding_of(verdict);
        let (evidence, evidence_long) = evidence(used.evidence);
        let behind = [used.script, used.exe, used.image, used.unit];
        Self {
            id: used.position.row(),
            vendor: used.vendor,
            service: used.service,
            kind: used.kind.replace('_', " "),
            name: used.name,
            behind: behind
                .into_iter()
                .flatten()
                .filter(|text| *text != used.program)
                .collect::<Vec<_>>()
                .join(" · "),
            program: used.program,
            origin: used.origin.map_or_else(String::new, |origin| origin.to_string()),
            uid: used.user_name.as_ref().map(|_| used.uid),
            user: used.user_name.unwrap_or_else(|| format!("uid {}", used.uid)),
            host: used.host,
            flows: thousands(used.flows),
            bytes_out: used.bytes_out.into(),
            bytes_in: used.bytes_in.into(),
            first_seen: used.first_seen.into(),
            last_seen: used.last_seen.into(),
            evidence,
            evidence_long,
            finding,
            verdict,
            because,
        }
    }
}

/// `chats (vendor OpenAI): The business plan. Eve Example, until 2027-06-30`
fn because(sanction: &Sanction) -> String {
    let Sanction {
        id,
        scope,
        reason,
        approver,
        ..
    } = sanction;
    let until = sanction
        .expires
        .map_or_else(String::new, |expires| format!(", until {expires:.0}"));
    let data = sanction
        .data
        .as_ref()
        .map_or_else(String::new, |data| format!(", for {data} data"));
    format!("{id} ({scope}){data}: {reason} ({approver}{until})")
}

fn evidence(evidence: Option<Evidence>) -> (&'static str, &'static str) {
    match evidence {
        Some(Evidence::TlsSni) => ("TLS SNI", "server name in the TLS hello"),
        Some(Evidence::QuicSni) => ("QUIC SNI", "server name in the QUIC hello"),
        Some(Evidence::HttpHost) => ("HTTP Host", "Host of a plain HTTP request"),
        Some(Evidence::ProxyConnect) => ("CONNECT", "target of an HTTP CONNECT through a proxy"),
        Some(Evidence::Socks) => ("SOCKS", "domain of a SOCKS request"),
        Some(Evidence::Dns) => ("DNS", "the name was asked for, and the flow goes to the answer"),
        Some(Evidence::Ip) => ("IP only", "only the address says so: never enough for a finding"),
        None => ("unknown", "evidence of a later version"),
    }
}

/// The health strip.
pub(super) struct Strip {
    /// As of when, unless it is now.
    pub(super) time: Option<Time>,
    pub(super) findings: String,
    pub(super) hosts: String,
    pub(super) late: Option<String>,
    pub(super) missing_agents: Option<String>,
    pub(super) clones: Option<String>,
    pub(super) last_report: Option<(String, Time)>,
    pub(super) losses: Vec<Loss>,
    pub(super) dropped: Option<String>,
    pub(super) missing: Option<String>,
    pub(super) alerts: Alerts,
    /// Whether it is of some hosts: then it has only what is theirs.
    pub(super) is_part: bool,
}

/// What was lost for one cause.
pub(super) struct Loss {
    pub(super) cause: String,
    pub(super) count: String,
    pub(super) last_rise: Time,
}

/// How the routes for alerts are.
pub(super) enum Alerts {
    None,
    Stranded {
        waiting: String,
    },
    Works {
        delivered: String,
    },
    Sending {
        waiting: String,
    },
    Fails {
        waiting: String,
        since: Option<Time>,
        error: String,
    },
    Refused {
        refused: String,
        error: String,
    },
}

impl Strip {
    /// Of the whole fleet.
    pub(super) fn of_all(sum: &Sum, configured: bool, now: Timestamp) -> Self {
        Self {
            time: sum.is_kept().then(|| sum.time.into()),
            alerts: Alerts::new(&sum.health, configured),
            ..Self::of(&sum.health, &sum.presence, now)
        }
    }

    /// Of the hosts that somebody sees.
    pub(super) fn of_some(health: &Health, presence: &Presence, now: Timestamp) -> Self {
        Self {
            is_part: true,
            ..Self::of(health, presence, now)
        }
    }

    fn of(health: &Health, presence: &Presence, now: Timestamp) -> Self {
        let some = |count: u64| (count > 0).then(|| thousands(count));
        Self {
            time: None,
            findings: thousands(health.findings),
            hosts: thousands(health.hosts),
            late: some(presence.late),
            missing_agents: some(presence.missing),
            clones: some(health.clones),
            last_report: health.last_report.map(|time| (ago(time, now), time.into())),
            losses: health
                .losses
                .iter()
                .map(|loss| Loss {
                    cause: loss.cause.replace('_', " "),
                    count: thousands(loss.count),
                    last_rise: loss.last_rise.into(),
                })
                .collect(),
            dropped: some(health.dropped_records),
            missing: some(health.missing_records),
            alerts: Alerts::None,
            is_part: false,
        }
    }
}

impl Alerts {
    fn new(health: &Health, configured: bool) -> Self {
        let outbox = health.outbox();
        let waiting = thousands(outbox.pending);
        match (configured, outbox.pending, outbox.refused, outbox.error) {
            (false, 0, ..) => Self::None,
            (false, ..) => Self::Stranded { waiting },
            (true, 1.., _, Some(error)) => Self::Fails {
                waiting,
                since: outbox.waits_since.map(Time::from),
                error,
            },
            (true, 1.., _, None) => Self::Sending { waiting },
            (true, 0, 1.., error) => Self::Refused {
                refused: thousands(outbox.refused),
                error: error.unwrap_or_else(|| "others went through since".to_owned()),
            },
            (true, 0, 0, _) => Self::Works {
                delivered: thousands(outbox.delivered),
            },
        }
    }
}
