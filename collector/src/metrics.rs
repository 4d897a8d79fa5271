//! What the collector counts, in the Prometheus text format. Every label has a bounded set of values.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::alerts::WEBHOOK;
use crate::presence::State;
use crate::store::{Applied, Outcome, Removed, RouteState};
use crate::sums::Sum;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a report was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is in the store.
    Acknowledged,
    /// It was wrong (4xx), and why.
    Refused(&'static str),
    /// The collector could not take it (5xx), and why.
    Failed(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reports {
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempts {
    outcome: &'static str,
}

/// Names of routes are those of the configuration, which has 32 at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteAttempts {
    route: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteName {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Certificates {
    request: &'static str,
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Class {
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Agents {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cause {
    cause: String,
}

/// The collector's counters since its start, and the store's state at the time of asking.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reports: Family<Reports, Counter>,
    refusals: Family<Reason, Counter>,
    taken: Family<Listener, Counter>,
    displaced: Family<Listener, Counter>,
    connections: Family<Connections, Counter>,
    certificates: Family<Certificates, Counter>,
    records: Counter,
    repeated: Counter,
    findings: Counter,
    corrected: Counter,
    attempts: Family<Attempts, Counter>,
    route_attempts: Family<RouteAttempts, Counter>,
    route_dropped: Family<RouteName, Counter>,
    route_waiting: Family<RouteName, Gauge>,
    route_refused: Family<RouteName, Gauge>,
    route_failing: Family<RouteName, Gauge>,
    route_sent: Family<RouteName, Gauge>,
    removed: Family<Class, Counter>,
    last_removal: Gauge,
    summed: Gauge,
    hosts: Gauge,
    silent: Gauge,
    agents: Family<Agents, Gauge>,
    clones: Gauge,
    last_report: Gauge,
    losses: Family<Cause, Gauge>,
    dropped: Gauge,
    missing: Gauge,
    waiting: Gauge,
    refused: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("umbra_collector");
        macro_rules! register {
            ($name:literal, $help:literal) => {{
                let metric = Default::default();
                registry.register($name, $help, Clone::clone(&metric));
                metric
            }};
        }
        Self {
            reports: register!("reports", "Reports by how they were answered"),
            refusals: register!("report_refusals", "Reports that were not taken, by why"),
            taken: register!("connections", "Connections that had a place, by listener"),
            displaced: register!(
                "connections_displaced",
                "Connections that were idle for longest and gave their places to new ones, by listener"
            ),
            connections: register!(
                "connections_refused",
                "Connections that ended before a request, by listener and why"
            ),
            certificates: register!(
                "certificates",
                "Requests of agents for certificates by how they were answered"
            ),
            records: register!("records", "Records stored"),
            repeated: register!("records_repeated", "Records that came again and changed nothing"),
            findings: register!("findings", "Findings raised"),
            corrected: register!(
                "times_corrected",
                "Times of agents that were too far from this clock"
            ),
            attempts: register!("webhook_attempts", "Attempts to call the webhook by outcome"),
            route_attempts: register!("route_attempts", "Attempts to send along a route by outcome"),
            route_dropped: register!(
                "route_alerts_dropped",
                "Alerts that waited for a route for too long and were dropped"
            ),
            route_waiting: register!("route_waiting", "Alerts that wait for a route"),
            route_refused: register!("route_refused", "Alerts that a route's receiver refused for good"),
            route_failing: register!(
                "route_failing_since_timestamp_seconds",
                "Since when a route's receiver has taken nothing; 0 while it does"
            ),
            route_sent: register!(
                "route_last_sent_timestamp_seconds",
                "When a route's receiver last took something; 0 when it never did"
            ),
            removed: register!("removed", "Rows that were kept for long enough, by class"),
            last_removal: register!(
                "last_removal_timestamp_seconds",
                "When this collector last looked for what was kept for long enough"
            ),
            summed: register!(
                "sums_timestamp_seconds",
                "As of when the sums over the fleet are: hosts, agents, losses, gaps and alerts"
            ),
            hosts: register!("hosts", "Hosts that ever reported"),
            silent: register!("hosts_silent", "Hosts whose agents are late or missing"),
            agents: register!("agents", "Agents by whether they are heard"),
            clones: register!(
                "possible_clones",
                "Agents whose identity another host was found to use within a day"
            ),
            last_report: register!("last_report_timestamp_seconds", "When the last report came"),
            losses: register!("agent_losses", "What agents lost by cause, since the store began"),
            dropped: register!("records_dropped", "Records that agents dropped from full spools"),
            missing: register!(
                "records_missing",
                "Records whose numbers were passed over without a word"
            ),
            waiting: register!("webhook_waiting", "Alerts that wait for the webhook"),
            refused: register!("webhook_refused", "Alerts that the webhook refused for good"),
            registry,
        }
    }
}

impl Metrics {
    /// A report was answered.
    pub fn answered(&self, answer: Answer) {
        let (answer, reason) = match answer {
            Answer::Acknowledged => ("acknowledged", None),
            Answer::Refused(reason) => ("refused", Some(reason)),
            Answer::Failed(reason) => ("failed", Some(reason)),
        };
        self.reports.get_or_create(&Reports { answer }).inc();
        if let Some(reason) = reason {
            self.refusals.get_or_create(&Reason { reason }).inc();
        }
    }

    /// A connection to this listener has a place.
    pub fn taken(&self, listener: &'static str) {
        self.taken.get_or_create(&Listener { listener }).inc();
    }

    /// An idle connection to this listener gave its place to another.
    pub fn displaced(&self, listener: &'static str) {
        self.displaced.get_or_create(&Listener { listener }).inc();
    }

    /// A connection to this listener ended before it could ask anything.
    pub fn turned_away(&self, listener: &'static str, reason: &'static str) {
        self.connections
            .get_or_create(&Connections { listener, reason })
            .inc();
    }

    /// A request for a certificate (`enrol` or `renew`) was answered.
    pub fn certificate(&self, request: &'static str, answer: &'static str) {
        self.certificates
            .get_or_create(&Certificates { request, answer })
            .inc();
    }

    /// A report was stored.
    pub fn applied(&self, applied: &Applied) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.records.inc_by(number(applied.records));
        self.repeated.inc_by(number(applied.repeated));
        self.findings.inc_by(number(applied.findings));
    }

    /// Findings were raised that no report raised by itself.
    pub(crate) fn raised(&self, findings: usize) {
        self.findings.inc_by(u64::try_from(findings).unwrap_or(u64::MAX));
    }

    /// Times of a report were corrected.
    pub fn times_corrected(&self, count: u64) {
        self.corrected.inc_by(count);
    }

    /// A receiver was asked to take something.
    pub fn alert(&self, route: &str, outcome: &Outcome) {
        let outcome = match outcome {
            Outcome::Delivered { .. } => "delivered",
            Outcome::Retry { .. } => "retry",
            Outcome::Refused { .. } => "refused",
        };
        if route == WEBHOOK {
            self.attempts.get_or_create(&Attempts { outcome }).inc();
        }
        let route = route.to_owned();
        self.route_attempts
            .get_or_create(&RouteAttempts { route, outcome })
            .inc();
    }

    /// So many alerts waited for a route for too long.
    pub fn alerts_dropped(&self, route: &str, count: u64) {
        let route = route.to_owned();
        self.route_dropped
            .get_or_create(&RouteName { route })
            .inc_by(count);
    }

    /// What was kept for long enough is gone.
    pub fn removed(&self, removed: &Removed, now: jiff::Timestamp) {
        for (class, count) in [
            ("observations", removed.observations),
            ("inventory", removed.inventory),
            ("findings", removed.findings),
            ("requests", removed.requests),
            ("alerts", removed.alerts),
            ("losses", removed.losses),
        ] {
            self.removed.get_or_create(&Class { class }).inc_by(count);
        }
        self.last_removal.set(now.as_second());
    }

    /// How each route goes.
    fn routes(&self, routes: &[RouteState]) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let seconds = |time: Option<jiff::Timestamp>| time.map_or(0, jiff::Timestamp::as_second);
        let webhook = routes.iter().find(|route| route.name == WEBHOOK);
        self.waiting.set(webhook.map_or(0, |route| number(route.pending)));
        self.refused.set(webhook.map_or(0, |route| number(route.refused)));
        let families = [
            &self.route_waiting,
            &self.route_refused,
            &self.route_failing,
            &self.route_sent,
        ];
        for family in families {
            // A route that is gone is shown no more.
            family.clear();
        }
        for route in routes {
            let values = [
                number(route.pending),
                number(route.refused),
                seconds(route.failing_since),
                seconds(route.last_sent),
            ];
            for (family, value) in families.into_iter().zip(values) {
                let route = route.name.clone();
                family.get_or_create(&RouteName { route }).set(value);
            }
        }
    }

    /// Everything as text; `sum` is what the store says.
    pub(crate) fn text(&self, sum: &Sum) -> Result<String, std::fmt::Error> {
        let Sum {
            health,
            presence,
            time,
            ..
        } = sum;
        self.summed.set(time.as_second());
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.hosts.set(number(health.hosts));
        self.silent
            .set(number(presence.late.saturating_add(presence.missing)));
        for (state, agents) in [
            (State::Online, presence.online),
            (State::Late, presence.late),
            (State::Missing, presence.missing),
            (State::Retired, presence.retired),
        ] {
            let state = state.name();
            self.agents.get_or_create(&Agents { state }).set(number(agents));
        }
        self.clones.set(number(health.clones));
        self.last_report
            .set(health.last_report.map_or(0, jiff::Timestamp::as_second));
        self.dropped.set(number(health.dropped_records));
        self.missing.set(number(health.missing_records));
        self.routes(&health.routes);
        self.losses.clear();
        for loss in &health.losses {
            self.losses
                .get_or_create(&Cause {
                    cause: loss.cause.clone(),
                })
                .set(number(loss.count));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
