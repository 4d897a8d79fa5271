use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::http::Poster;
use super::plain::bytes;
use super::route::Http;
use super::target::TargetError;
use super::{Message, words};
use crate::findings::FindingState;
use crate::store::{Alert, Outcome};

/// For how long Alertmanager holds an alert that is not sent again: a few times the pause between two sendings, as
/// Prometheus has it, so that one that is missed ends nothing.
const GOOD_FOR: Duration = Duration::from_mins(5);

/// Prometheus' Alertmanager, API v2.
#[derive(Clone, Debug)]
pub(super) struct Alertmanager(Poster);

impl Alertmanager {
    pub(super) fn open(http: &Http) -> Result<Self, TargetError> {
        Ok(Self(Poster::open(http)?.below("api/v2/alerts")))
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        self.0
            .post("application/json", HeaderMap::new(), bytes(&body(message)))
            .await
    }
}

/// The alerts of a message, as they are when it is sent.
pub(super) fn body(message: &Message) -> Value {
    if message.is_test() {
        let labels = json!({ "alertname": "UmbraTest", "severity": "none" });
        let annotations = json!({ "summary": words::subject(message), "description": words::TEST });
        // It ends by itself.
        return json!([{
            "labels": labels,
            "annotations": annotations,
            "startsAt": message.time,
            "endsAt": after(message.time, Duration::from_mins(1)),
            "generatorURL": message.page.as_str(),
        }]);
    }
    let alerts = message.alerts.iter();
    Value::Array(alerts.map(|alert| one(alert, message)).collect())
}

/// Labels make the alert's identity, so only what stays is among them; their names are a fixed set.
fn one(alert: &Alert, message: &Message) -> Value {
    let goes_on = matches!(alert.state(), FindingState::Open | FindingState::Acknowledged);
    let ends = if goes_on {
        after(message.time, GOOD_FOR)
    } else {
        // Not before its beginning, which Alertmanager refuses.
        let decided = alert.decided().unwrap_or(message.time);
        decided.max(after(alert.created(), Duration::from_millis(1)))
    };
    let facts: Vec<String> = words::facts(alert)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    json!({
        "labels": {
            "alertname": "UmbraFinding",
            "finding": alert.finding.to_string(),
            "kind": alert.kind,
            "severity": alert.severity(),
            "vendor": words::plain(&alert.vendor),
            "program": words::plain(&alert.program),
            "host": words::plain(&alert.host),
        },
        "annotations": {
            "summary": words::headline(alert),
            "description": facts.join("\n"),
        },
        "startsAt": alert.created(),
        "endsAt": ends,
        "generatorURL": message.link(alert.finding).as_str(),
    })
}

fn after(time: Timestamp, length: Duration) -> Timestamp {
    time.checked_add(length).unwrap_or(time)
}
