//! Sanctions that end soon: told twice before the end, if callers need them.

use jiff::{SignedDuration, Timestamp};
use umbra_policy::Sanction;

use super::{BITE, Keeper, LEASE};
use crate::findings::{Expiry, FindingKind};
use crate::policy::InForce;
use crate::store::{Duty, Position, Selection, StoreError};

/// So many days before the end somebody is told, and told again.
const DAYS: [u8; 2] = [14, 3];
/// A sanction is needed when it gave the verdict about what was seen within so many days.
const NEEDED: i64 = 30;
/// Uses that are read at once.
const USES: u16 = 1_000;

impl Keeper {
    /// Closes what is over, and tells of sanctions that end soon, if that has not been looked at for a while; gives how
    /// many were told of.
    pub(super) async fn expiry(&self, now: Timestamp) -> Result<usize, StoreError> {
        let policy = self.store.in_force().await?;
        self.close_ended(&policy, now).await?;
        let duty = Duty {
            name: "expiry",
            holder: self.duty.holder,
        };
        let Some(done) = self.store.take_duty(duty, now, LEASE).await? else {
            return Ok(0);
        };
        let time = now.as_millisecond();
        let pause = i64::try_from(self.watch.expiry.as_millis()).unwrap_or(i64::MAX);
        if time < done.saturating_add(pause) {
            return Ok(0);
        }
        let mut ending = Vec::new();
        for sanction in policy.policy.sanctions() {
            let Some(expiry) = expiry(sanction, now) else {
                continue;
            };
            if self.store.is_news(&expiry).await? {
                ending.push(expiry);
            }
        }
        let mut raised = 0;
        for (expiry, used) in self.needed(&policy, ending, now).await? {
            let version = policy.decided.number();
            raised += usize::from(self.store.raise_expiry(&expiry, version, used, now).await?);
        }
        self.store.advance_duty(duty, time).await?;
        Ok(raised)
    }

    /// Closes what is withdrawn, renewed or over.
    async fn close_ended(&self, policy: &InForce, now: Timestamp) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let kinds = [FindingKind::SanctionExpiring];
            let findings = self.store.unsettled(&kinds, after, BITE).await?;
            let Some(last) = findings.last() else {
                return Ok(());
            };
            after = last.id;
            for finding in &findings {
                let reason = finding.facts().expiry.and_then(|told| over(&told, policy, now));
                if let Some(reason) = reason {
                    self.store.close_finding(finding.id, &reason, now).await?;
                }
            }
        }
    }

    /// Those that callers need, each with a use that it counts for. Sanctions that nobody needs are looked for in the
    /// whole inventory, which is why it is done a few times a day.
    async fn needed(
        &self,
        policy: &InForce,
        mut ending: Vec<Expiry>,
        now: Timestamp,
    ) -> Result<Vec<(Expiry, Position)>, StoreError> {
        let since = now - SignedDuration::from_hours(24 * NEEDED);
        let (mut needed, mut selection) = (Vec::new(), Selection::default());
        while !ending.is_empty() {
            let page = self.store.uses(&selection, USES).await?;
            let recent = page
                .rows
                .iter()
                .filter(|used| used.last_seen >= since && used.may_raise());
            for used in recent {
                let Some(by) = policy.decide(used, now).by else {
                    continue;
                };
                if let Some(place) = ending.iter().position(|expiry| expiry.sanction == by.id) {
                    needed.push((ending.swap_remove(place), used.position));
                }
            }
            match page.next {
                Some(next) => selection.after = Some(next),
                None => break,
            }
        }
        Ok(needed)
    }
}

/// What is to be told of a sanction at `now`; `None`: its end is far, past, or not set.
fn expiry(sanction: &Sanction, now: Timestamp) -> Option<Expiry> {
    let expires = sanction.expires.filter(|expires| now < *expires)?;
    let left = expires.duration_since(now);
    let within = |days: &u8| left <= SignedDuration::from_hours(24 * i64::from(*days));
    // The least of them that it is within.
    let days = DAYS.into_iter().filter(within).min()?;
    Some(Expiry {
        sanction: sanction.id.clone(),
        verdict: sanction.verdict,
        expires,
        days,
    })
}

/// Why nothing ends soon any more; `None`: it does.
fn over(told: &Expiry, policy: &InForce, now: Timestamp) -> Option<String> {
    let version = policy.decided.number();
    let sanctions = policy.policy.sanctions();
    let Some(sanction) = sanctions.iter().find(|sanction| sanction.id == told.sanction) else {
        return Some(format!(
            "{} is withdrawn, policy version {version}",
            told.sanction
        ));
    };
    match sanction.expires {
        Some(expires) if expires == told.expires => {
            (expires <= now).then(|| format!("{} has ended", told.sanction))
        }
        Some(expires) => Some(format!(
            "{} ends at {expires:.0} by policy version {version}",
            told.sanction
        )),
        None => Some(format!(
            "{} does not end any more, policy version {version}",
            told.sanction
        )),
    }
}
