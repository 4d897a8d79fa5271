//! Closes what the policy does not find any more: a finding stands as long as one of the uses that it is about does.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use umbra_policy::{Decision, Verdict};

use super::BITE;
use crate::findings::{Facts, FindingKind};
use crate::policy::{InForce, subject};
use crate::store::{Along, Selection, Store, StoreError, Unsettled, Use};

/// All findings are looked at again after so long, whatever happened: a report may have been judged by the policy of before
/// and stored after that was looked through.
const AGAIN: Duration = Duration::from_hours(1);
/// Uses that are read at once.
const USES: u16 = 200;
/// Sanctions that a reason names.
const NAMED: usize = 3;

/// Since when the findings are as the policy says.
#[derive(Debug, Default)]
pub(super) struct Standing {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    version: u64,
    time: Timestamp,
}

impl Standing {
    /// Looks through all that is not settled, if the policy says something else than the last time.
    pub(super) async fn round(&mut self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        let policy = store.in_force().await?;
        if self.last.is_some_and(|last| !last.is_over(&policy, now)) {
            return Ok(());
        }
        let kinds: Vec<_> = FindingKind::ALL
            .into_iter()
            .filter(|kind| kind.is_of_policy())
            .collect();
        let mut after = 0;
        loop {
            let findings = store.unsettled(&kinds, after, BITE).await?;
            let Some(last) = findings.last() else { break };
            after = last.id;
            for finding in &findings {
                if let Some(reason) = over(store, &policy, finding, now).await? {
                    store.close_finding(finding.id, &reason, now).await?;
                }
            }
        }
        self.last = Some(Last {
            version: policy.decided.number(),
            time: now,
        });
        Ok(())
    }
}

impl Last {
    /// Whether the findings are to be looked through again.
    fn is_over(self, policy: &InForce, now: Timestamp) -> bool {
        let mut ends = policy
            .policy
            .sanctions()
            .iter()
            .filter_map(|sanction| sanction.expires);
        self.version != policy.decided.number()
            || ends.any(|end| self.time < end && end <= now)
            || now.duration_since(self.time).unsigned_abs() >= AGAIN
    }
}

/// Why a finding does not stand any more; `None`: it does.
async fn over(
    store: &Store,
    policy: &InForce,
    finding: &Unsettled,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(kind) = FindingKind::of(&finding.kind) else {
        return Ok(None);
    };
    let facts = finding.facts();
    let mut selection = Selection::from(Along::Finding(finding.id));
    let (mut verdicts, mut sanctions) = (BTreeSet::new(), BTreeSet::new());
    loop {
        let page = store.uses(&selection, USES).await?;
        for used in page.rows.iter().filter(|used| used.may_raise()) {
            let decision = policy.decide(used, now);
            if stands(kind, policy, used, &decision, &facts) {
                return Ok(None);
            }
            verdicts.insert(decision.verdict);
            if sanctions.len() < NAMED {
                sanctions.extend(decision.by.map(|by| by.id.clone()));
            }
        }
        match page.next {
            Some(next) => selection.after = Some(next),
            None => break,
        }
    }
    // What nobody uses any more goes with the inventory; what nobody has decided is no reason.
    if verdicts.is_empty() {
        return Ok(None);
    }
    let version = policy.decided.number();
    let verdicts: Vec<&str> = verdicts.iter().map(|verdict| verdict.as_str()).collect();
    let sanctions: Vec<String> = sanctions.into_iter().collect();
    let by = match sanctions.join(", ") {
        none if none.is_empty() => none,
        some => format!(" by {some}"),
    };
    Ok(Some(match kind {
        FindingKind::GatewayBypass => format!("no egress rule is against it, policy version {version}"),
        FindingKind::PersonalPlan => format!("no plan is against it, policy version {version}"),
        _ => format!("{}{by}, policy version {version}", verdicts.join(" and ")),
    }))
}

/// Whether a use is one that a finding of this kind is about.
fn stands(kind: FindingKind, policy: &InForce, used: &Use, decision: &Decision<'_>, facts: &Facts) -> bool {
    let verdict = decision.verdict;
    match kind {
        FindingKind::NewCaller => verdict == Verdict::Unreviewed,
        FindingKind::ProhibitedUse => verdict == Verdict::Prohibited,
        FindingKind::FirstUse => verdict != Verdict::Sanctioned,
        FindingKind::GatewayBypass => verdict != Verdict::Prohibited && went_past(policy, used, facts),
        FindingKind::PersonalPlan => {
            verdict != Verdict::Prohibited && policy.personal(&used.vendor, &used.service, decision).is_some()
        }
        FindingKind::VolumeSpike
        | FindingKind::SilentAgent
        | FindingKind::LossyAgent
        | FindingKind::SanctionExpiring => true,
    }
}

/// Whether the ways that were taken are still none of those that are approved for this use.
fn went_past(policy: &InForce, used: &Use, facts: &Facts) -> bool {
    let subject = subject(used);
    let past = |via| policy.policy.bypassed(&subject, via).is_some();
    let ways = facts.bypass.iter().flat_map(|bypass| &bypass.via);
    used.direct_seen.is_some() && past(None)
        || ways.filter_map(|way| way.parse().ok()).any(|way| past(Some(way)))
}
