use std::path::Path;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::http::Poster;
use super::plain::bytes;
use super::route::Http;
use super::signature::Signer;
use super::target::TargetError;
use super::{Message, Payload};
use crate::findings::{FindingState, Severity};
use crate::store::{Alert, Event, Outcome};

/// The JSON event format (`CloudEvents` 1.0.2, JSON format, section 3).
const MEDIA: &str = "application/cloudevents+json";

/// A signed webhook: each message is one event of `CloudEvents` 1.0 in structured mode.
#[derive(Clone, Debug)]
pub(super) struct CloudEvents {
    poster: Poster,
    signer: Signer,
}

/// Required attributes, and those that say something here.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    /// The page's address.
    source: &'a str,
    /// No reverse domain before it: the project has none.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: Timestamp,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Test {
        test: bool,
    },
    Finding(Box<Finding<'a>>),
    Digest {
        findings: Vec<Finding<'a>>,
        omitted: u64,
    },
}

#[derive(Serialize)]
struct Finding<'a> {
    /// `raised` or `ended`.
    event: &'static str,
    severity: Severity,
    state: FindingState,
    #[serde(flatten)]
    payload: Payload<'a>,
}

impl<'a> Finding<'a> {
    fn of(alert: &'a Alert, message: &Message) -> Self {
        Self {
            event: alert.event().as_str(),
            severity: alert.severity(),
            state: alert.state(),
            payload: Payload::of(alert, &message.page),
        }
    }
}

impl<'a> CloudEvent<'a> {
    fn of(message: &'a Message) -> Self {
        let (kind, data) = match &message.alerts[..] {
            [] => ("umbra.test", Data::Test { test: true }),
            [alert] if message.omitted == 0 => {
                let kind = match alert.event() {
                    Event::Raised => "umbra.finding.raised",
                    Event::Ended => "umbra.finding.ended",
                };
                (kind, Data::Finding(Box::new(Finding::of(alert, message))))
            }
            alerts => {
                let findings = alerts.iter().map(|alert| Finding::of(alert, message));
                let data = Data::Digest {
                    findings: findings.collect(),
                    omitted: message.omitted,
                };
                ("umbra.findings.digest", data)
            }
        };
        let subject = match &message.alerts[..] {
            [alert] => Some(format!("finding/{}", alert.finding)),
            _ => None,
        };
        Self {
            specversion: "1.0",
            id: &message.id,
            source: message.page.as_str(),
            r#type: kind,
            subject,
            // Of what happened, so that a repeat is the same event.
            time: message.happened(),
            datacontenttype: "application/json",
            data,
        }
    }
}

impl CloudEvents {
    pub(super) fn open(http: &Http, secret: &Path) -> Result<Self, TargetError> {
        Ok(Self {
            poster: Poster::open(http)?,
            signer: Signer::open(secret)?,
        })
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let body = bytes(&CloudEvent::of(message));
        let time = message.time.as_second();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", time.to_string()),
            ("webhook-signature", self.signer.sign(&message.id, time, &body)),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        self.poster.post(MEDIA, headers, body).await
    }
}
