//! `POST /v1/routes/{name}/test`

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::access::Principal;
use crate::alerts::Message;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Outcome;

/// Characters of what a receiver said.
const SAID: usize = 300;

/// What came back of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteTested {
    pub(crate) route: String,
    /// The message's id, which the receiver has, too.
    message: String,
    pub(crate) outcome: TestOutcome,
    /// What the receiver answered, or what went wrong, with the remedy.
    pub(crate) said: String,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TestOutcome {
    /// The receiver took it.
    Delivered,
    /// It did not; an alert would be tried again.
    Retry,
    /// It refused; an alert would be given up until the next start.
    Refused,
}

/// Sends a message along a route that says it is a test, and says what came back
///
/// The collector that is asked sends it at once, beside what waits, as the configuration says with which it was started. One
/// test is made at a time.
#[utoipa::path(
    post,
    path = "/v1/routes/{name}/test",
    tag = "health",
    security(("token" = ["admin"])),
    params(("name" = String, Path, description = "The route; `webhook` is that of `--webhook`")),
    responses(
        (status = 200, description = "What came back, also when the receiver did not take it", body = RouteTested),
        (status = 400, description = "The request cannot be read", body = Problem),
        (status = 404, description = "This collector has no such route", body = Problem),
        (status = 429, description = "Another test is being made; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn test_route(
    State(app): State<App>,
    principal: Principal,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<RouteTested>, Refusal> {
    let Path(name) = path.map_err(|error| Refusal::bad(error.body_text()))?;
    attempt(&app, &principal, name).await.map(Json)
}

/// Sends the test along the route of this name.
pub(crate) async fn attempt(app: &App, principal: &Principal, name: String) -> Result<RouteTested, Refusal> {
    let Some(target) = app.targets.get(&name) else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "this collector has no such route; /v1/routes lists them",
        ));
    };
    let _turn = app
        .testing
        .try_acquire()
        .map_err(|_| Refusal::too_many("another test is being made; come back", Duration::from_secs(5)))?;
    let message = Message::test(&app.page, Timestamp::now());
    // Before it is sent: what left is in the log, however it ends.
    app.store
        .note_route_test(&name, &message.id, &principal.now())
        .await?;
    let (outcome, said) = match target.send(&message).await {
        Outcome::Delivered { answer } => (TestOutcome::Delivered, answer),
        Outcome::Retry { error, .. } => (TestOutcome::Retry, error),
        Outcome::Refused { error } => (TestOutcome::Refused, error),
    };
    Ok(RouteTested {
        route: name,
        message: message.id,
        outcome,
        said: said
            .chars()
            .filter(|char| !char.is_control())
            .take(SAID)
            .collect(),
    })
}
