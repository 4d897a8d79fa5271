//! Who decided what.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::asked::Asked;
use super::format::{Time, thousands};
use super::shell::{Section, Shell};
use super::{sentence, shown};
use crate::access::Principal;
use crate::api::before;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Entry;
use crate::verifier::Verified;

/// Entries on a page.
const ROWS: u16 = 50;
/// Characters of a detail that are shown.
const SHOWN: usize = 300;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    verified: Option<Verification>,
    /// Whether that was asked for and is not over.
    is_verifying: bool,
    rows: Vec<Row>,
    next: Option<u64>,
    is_first: bool,
}

/// What the last look through the whole log found, in words.
struct Verification {
    /// How many entries, and number and hash of the last one.
    intact: Option<(String, String)>,
    fault: String,
    time: Time,
}

/// An entry in words.
struct Row {
    number: String,
    time: Time,
    actor: String,
    action: String,
    subject: String,
    detail: Vec<(String, String)>,
    hash: String,
}

/// `?before=…&verify=true`
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    before: Option<i64>,
    #[serde(default)]
    verify: bool,
}

impl From<&Verified> for Verification {
    fn from(verified: &Verified) -> Self {
        let head = verified.result.as_ref().ok();
        let fault = verified.result.as_ref().err().map(ToString::to_string);
        Self {
            intact: head.map(|head| (thousands(head.number), head.to_string())),
            fault: fault.map(|fault| sentence(&fault)).unwrap_or_default(),
            time: verified.time.into(),
        }
    }
}

/// `GET /audit`
pub(crate) async fn audit(
    State(app): State<App>,
    principal: Principal,
    Asked(part): Asked<Part>,
) -> Result<Response, Refusal> {
    let entries = app.store.audit(before(part.before)?, ROWS).await?;
    let verified = if part.verify {
        app.verifier.get().await?
    } else {
        app.verifier.last()
    };
    let is_full = entries.len() == usize::from(ROWS);
    let page = Page {
        shell: Shell::of(Section::Audit, principal),
        is_verifying: part.verify && verified.is_none(),
        verified: verified.as_deref().map(Verification::from),
        next: entries.last().filter(|_| is_full).map(|last| last.number),
        rows: entries
            .into_iter()
            .map(|entry| app.store.people().entry(entry).into())
            .collect(),
        is_first: part.before.is_none(),
    };
    shown(StatusCode::OK, &page)
}

impl From<Entry> for Row {
    fn from(entry: Entry) -> Self {
        Self {
            number: thousands(entry.number),
            time: entry.time.into(),
            actor: entry.actor,
            action: entry.action.replace('_', " "),
            subject: entry.subject,
            detail: detail(&entry.detail),
            hash: entry.hash,
        }
    }
}

/// What a detail says, by names; what is not an object of JSON, as it is.
fn detail(text: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        return vec![(String::new(), cut(text))];
    };
    let said = fields.into_iter().filter(|(_, value)| !is_empty(value));
    said.map(|(name, value)| (name.replace('_', " "), cut(&words(&value))))
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… (whole in /v1/audit)", &text[..end]),
        None => text.to_owned(),
    }
}
