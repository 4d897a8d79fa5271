//! The strip of the fleet's health.

use jiff::Timestamp;

use super::format::{Time, ago, thousands};
use crate::access::Scope;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::{Health, Presence};
use crate::sums::Sum;

/// The health strip.
pub(super) struct Strip {
    /// As of when, unless it is now.
    pub(super) time: Option<Time>,
    pub(super) findings: String,
    pub(super) hosts: String,
    /// Agents that are heard in time.
    pub(super) online: u64,
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
    /// Of what somebody with this scope sees.
    pub(super) async fn seen(app: &App, scope: &Scope, now: Timestamp) -> Result<Self, Refusal> {
        if scope.is_all() {
            return Ok(Self::of_all(&*app.sums.get().await?, app.alerts.is_some(), now));
        }
        let (health, presence) = app.store.health_seen(scope, app.missing, now).await?;
        Ok(Self::of_some(&health, &presence, now))
    }

    /// Of the whole fleet.
    fn of_all(sum: &Sum, configured: bool, now: Timestamp) -> Self {
        Self {
            time: sum.is_kept().then(|| sum.time.into()),
            alerts: Alerts::new(&sum.health, configured),
            ..Self::of(&sum.health, &sum.presence, now)
        }
    }

    /// Of the hosts that somebody sees.
    fn of_some(health: &Health, presence: &Presence, now: Timestamp) -> Self {
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
            online: presence.online,
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
