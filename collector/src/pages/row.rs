//! A row of the inventory in words.

use jiff::Timestamp;
use umbra_policy::{Sanction, Verdict};

use super::format::{Bytes, Time, evidence, thousands};
use crate::policy::InForce;
use crate::store::Use;

/// A caller, and a name that it used.
pub(super) struct Row {
    pub(super) id: String,
    /// Its number, by which it is chosen.
    pub(super) number: i64,
    /// The number of the caller, and the id of its host's agent.
    pub(super) caller: i64,
    pub(super) agent: String,
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

impl Row {
    pub(super) fn of(used: Use, policy: &InForce, now: Timestamp) -> Self {
        let decision = policy.decide(&used, now);
        let because = used.discreet(decision.by.map_or_else(String::new, because));
        let verdict = decision.verdict;
        let finding = used.finding_of(verdict);
        let (evidence, evidence_long) = evidence(used.evidence);
        let (uid, name) = (used.shown_uid(), used.user());
        let behind = [used.script, used.exe, used.image, used.unit];
        Self {
            id: used.position.row(),
            number: used.position.number(),
            caller: used.caller,
            agent: used.agent,
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
            origin: used.origin.and_then(|origin| origin.words()).unwrap_or_default(),
            uid,
            user: name,
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
