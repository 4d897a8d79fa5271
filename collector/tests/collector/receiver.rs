//! A webhook's receiver that answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What came: the id in the header, and the payload.
pub(crate) type Call = (String, Value);

/// An answer: status and, if any, `Retry-After`.
pub(crate) type Answer = (u16, Option<&'static str>);

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    calls: Arc<Mutex<Vec<Call>>>,
    requests: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    script: Script,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Gives these answers in turn, then 204 for ever.
    pub(crate) async fn start(at: SocketAddr, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind(at).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let script = Script::default();
        script.answers.lock().expect("the lock").extend(answers);
        let router = Router::new()
            .route("/hook", post(take))
            .with_state(script.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("the receiver") });
        Self {
            address,
            script,
            serving,
        }
    }

    pub(crate) async fn anywhere(answers: &[Answer]) -> Self {
        Self::start(([127, 0, 0, 1], 0).into(), answers).await
    }

    pub(crate) fn url(&self) -> reqwest::Url {
        url(self.address)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.script.calls.lock().expect("the lock").clone()
    }

    /// Everything that came, as it came.
    #[allow(dead_code, reason = "not every database's tests ask")]
    pub(crate) fn requests(&self) -> Vec<(HeaderMap, String)> {
        self.script.requests.lock().expect("the lock").clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn url(address: SocketAddr) -> reqwest::Url {
    format!("http://{address}/hook").parse().expect("a URL")
}

async fn take(State(script): State<Script>, headers: HeaderMap, body: String) -> Response {
    let id = headers
        .get("webhook-id")
        .map_or("", |id| id.to_str().expect("text"));
    let id = id.to_owned();
    let payload = serde_json::from_str(&body).expect("JSON");
    script.calls.lock().expect("the lock").push((id, payload));
    script.requests.lock().expect("the lock").push((headers, body));
    let (status, retry_after) = script
        .answers
        .lock()
        .expect("the lock")
        .pop_front()
        .unwrap_or((StatusCode::NO_CONTENT.as_u16(), None));
    let status = StatusCode::from_u16(status).expect("a status");
    match retry_after {
        Some(value) => (status, [("retry-after", value)]).into_response(),
        // With a reason, as Slack gives one.
        None if status.is_client_error() => (status, "told so").into_response(),
        None => status.into_response(),
    }
}
