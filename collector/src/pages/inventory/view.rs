//! The inventory in words.

use jiff::Timestamp;
use umbra_policy::{Sanction, Verdict};

use crate::app::App;
use crate::findings::FindingKind;
use crate::pages::format::{Bytes, Time, evidence, thousands};
use crate::pages::strip::Strip;
use crate::policy::InForce;
use crate::query::Query;
use crate::store::{Page, Use};

/// The page.
pub(super) struct View {
    /// What the search field holds.
    pub(super) search: String,
    /// The vendor whose rows are shown.
    pub(super) vendor: Option<String>,
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
    /// Whether some of the inventory is shown only.
    pub(super) fn is_part(&self) -> bool {
        self.finding.is_some() || self.vendor.is_some() || !self.search.is_empty()
    }

    pub(super) fn new(
        query: &Query,
        page: Page,
        policy: &InForce,
        health: Strip,
        app: &App,
        now: Timestamp,
    ) -> Self {
        let search = query.q.as_deref().unwrap_or_default().trim().to_owned();
        let vendor = query.vendor.as_deref().map(str::trim);
        let vendor = vendor.filter(|vendor| !vendor.is_empty()).map(ToOwned::to_owned);
        let address = |after: Option<String>| {
            let mut fields = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
            if !search.is_empty() {
                fields.append_pair("q", &search);
            }
            if let Some(vendor) = &vendor {
                fields.append_pair("vendor", vendor);
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
            vendor,
            address: app.page.as_str().trim_end_matches('/').to_owned(),
            search,
        }
    }
}

/// A row of the table.
pub(in crate::pages) struct Row {
    pub(in crate::pages) id: String,
    pub(in crate::pages) vendor: String,
    pub(in crate::pages) service: String,
    pub(in crate::pages) kind: String,
    pub(in crate::pages) name: String,
    pub(in crate::pages) program: String,
    /// What stands behind the program's name: script, executable, image or unit.
    pub(in crate::pages) behind: String,
    pub(in crate::pages) user: String,
    pub(in crate::pages) uid: Option<u32>,
    /// What set the program off last.
    pub(in crate::pages) origin: String,
    pub(in crate::pages) host: String,
    pub(in crate::pages) flows: String,
    pub(in crate::pages) bytes_out: Bytes,
    pub(in crate::pages) bytes_in: Bytes,
    pub(in crate::pages) first_seen: Time,
    pub(in crate::pages) last_seen: Time,
    pub(in crate::pages) evidence: &'static str,
    pub(in crate::pages) evidence_long: &'static str,
    /// The finding about it; without one there is a reason why it raised none.
    pub(in crate::pages) finding: Option<i64>,
    pub(in crate::pages) verdict: Verdict,
    /// Which sanction gave the verdict, for whom and why; empty when nobody has decided.
    pub(in crate::pages) because: String,
}

impl Row {
    pub(in crate::pages) fn of(used: Use, policy: &InForce, now: Timestamp) -> Self {
        let decision = policy.decide(&used, now);
        let because = used.discreet(decision.by.map_or_else(String::new, because));
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
