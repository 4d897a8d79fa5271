use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde_json::json;

use super::http::Poster;
use super::{Message, Payload};
use crate::store::Outcome;

/// Header that carries the delivery's id: <https://www.standardwebhooks.com>.
const ID: &str = "webhook-id";

/// The receiver of `--webhook`: JSON of Umbra's own form, one finding each.
#[derive(Clone, Debug)]
pub(super) struct Plain(pub(super) Poster);

impl Plain {
    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let body = match message.alerts.first() {
            Some(alert) => bytes(&Payload::of(alert, &message.page)),
            None => bytes(&json!({ "id": message.id, "type": "test", "time": message.time })),
        };
        let mut headers = HeaderMap::new();
        if let Ok(id) = HeaderValue::from_str(&message.id) {
            headers.insert(ID, id);
        }
        self.0.post("application/json", headers, body).await
    }
}

/// JSON; it cannot fail: every key is text.
pub(super) fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
