//! Agents that are silent, and agents that lose what they see.

use std::time::Duration;

use jiff::Timestamp;

use super::{BITE, Keeper};
use crate::findings::{Facts, FindingKind, Lost, Silence, share};
use crate::store::{Losing, StoreError};

const HOUR: Duration = Duration::from_hours(1);
/// So long an agent's losses are added up before they are counted anew.
const WINDOW: Duration = Duration::from_hours(24);
/// Less is no matter, whatever the share.
const LEAST: u64 = 100;

impl Keeper {
    /// Raises what is to be said of silent agents, and closes what is over; gives how many were raised.
    pub(super) async fn silence(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (store, watch) = (&self.store, &self.watch);
        for heard in store.heard_again(watch.silence, BITE).await? {
            let reason = if heard.retired {
                "the agent is retired or revoked".to_owned()
            } else {
                format!("heard again: its last report came at {:.0}", heard.last_report())
            };
            store.close_finding(heard.finding, &reason, now).await?;
        }
        let mut raised = 0;
        for silent in store.silent_agents(watch.silence, watch.missing, BITE).await? {
            let milliseconds = u64::try_from(silent.silence).unwrap_or_default();
            let facts = Facts {
                silence: Some(Silence {
                    last_report: silent.agent.last_report(),
                    hours: milliseconds / 3_600_000,
                }),
                ..Facts::default()
            };
            let since = silent.agent.last_report();
            let kind = FindingKind::SilentAgent;
            let new = store
                .raise_of_agent(kind, &silent.agent, &facts, since, now)
                .await?;
            raised += usize::from(new);
        }
        Ok(raised)
    }

    /// The same of agents that lose too much.
    pub(super) async fn losses(&self, now: Timestamp) -> Result<usize, StoreError> {
        let (mut raised, mut after) = (0, 0);
        loop {
            let losing = self.store.losing_agents(after, BITE).await?;
            let Some(last) = losing.last() else {
                return Ok(raised);
            };
            after = last.agent.id;
            for agent in &losing {
                raised += usize::from(self.weigh(agent, now).await?);
            }
        }
    }

    /// Gives whether a finding was raised.
    async fn weigh(&self, losing: &Losing, now: Timestamp) -> Result<bool, StoreError> {
        let store = &self.store;
        let Some(since) = losing.since() else {
            store.mark_losses(losing, now).await?;
            return Ok(false);
        };
        let lost = losing.lost();
        let window = now.duration_since(since).unsigned_abs();
        let (may_be, is_whole) = (lost >= LEAST, window >= WINDOW);
        if !may_be && !is_whole {
            return Ok(false);
        }
        let id = losing.agent.id;
        let flows = store.flows_of(id, since).await?;
        // A burst when a window has only begun is weighed when an hour has gone.
        let is_lossy = may_be && share(lost, flows) >= u64::from(self.watch.lossy_percent);
        let mut raised = false;
        if is_lossy && losing.finding.is_none() && window >= HOUR {
            let facts = Facts {
                loss: Some(Lost {
                    from: since,
                    to: now,
                    lost,
                    flows,
                    causes: store.causes_of(id, since).await?,
                }),
                ..Facts::default()
            };
            let kind = FindingKind::LossyAgent;
            raised = store
                .raise_of_agent(kind, &losing.agent, &facts, since, now)
                .await?;
        }
        if is_whole {
            // Who says nothing has not got better.
            let was_heard = losing.agent.last_report() > since;
            if let Some(finding) = losing.finding.filter(|_| !is_lossy && was_heard) {
                let reason = format!("lost {lost}, and told {flows} flows, from {since:.0} to {now:.0}");
                store.close_finding(finding, &reason, now).await?;
            }
            store.mark_losses(losing, now).await?;
        }
        Ok(raised)
    }
}
