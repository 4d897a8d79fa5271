use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::http::Poster;
use super::plain::bytes;
use super::route::Http;
use super::target::TargetError;
use super::{Message, words};
use crate::store::{Alert, Outcome};

/// Alerts in one message; Slack takes 50 blocks.
const ALERTS: usize = 40;
/// Characters of a section's text; Slack takes 3000.
const SECTION: usize = 2_900;

/// An incoming webhook of Slack's, or of whoever takes the same (Mattermost reads `text` alone).
#[derive(Clone, Debug)]
pub(super) struct Slack(Poster);

impl Slack {
    pub(super) fn open(http: &Http) -> Result<Self, TargetError> {
        Ok(Self(Poster::open(http)?))
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        self.0
            .post("application/json", HeaderMap::new(), bytes(&body(message)))
            .await
    }
}

/// `text` says all for those who show no blocks, and in notifications.
pub(super) fn body(message: &Message) -> Value {
    let mut sections = Vec::new();
    if message.is_test() {
        sections.push(format!("*{}*\n{}", words::subject(message), words::TEST));
    }
    if message.alerts.len() > 1 {
        sections.push(format!("*{}*", escaped(&words::subject(message))));
    }
    sections.extend(
        message
            .alerts
            .iter()
            .take(ALERTS)
            .map(|alert| section(alert, message)),
    );
    let more = message.alerts.len().saturating_sub(ALERTS);
    if more > 0 {
        sections.push(format!(
            "… and {more} more on <{}|the page>",
            escaped(message.page.as_str())
        ));
    }
    sections.extend(words::omitted(message).map(|text| escaped(&text)));
    let blocks: Vec<Value> = sections
        .iter()
        .map(|text| {
            let text: String = text.chars().take(SECTION).collect();
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
        })
        .collect();
    json!({ "text": sections.join("\n\n"), "blocks": blocks })
}

fn section(alert: &Alert, message: &Message) -> String {
    let link = message.link(alert.finding);
    let mut lines = vec![format!(
        "*<{}|{}>*",
        escaped(link.as_str()),
        escaped(&words::headline(alert))
    )];
    let facts = words::facts(alert).into_iter();
    lines.extend(facts.map(|(name, value)| format!("{name}: {}", escaped(&value))));
    lines.join("\n")
}

/// The three characters that mean something to Slack, so that no name of a program can call for `<!channel>`.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
