//! `GET /healthz`, `/metrics`, and in its modules the rest of the API.

pub(crate) mod accounts;
pub(crate) mod agent_labels;
mod agents;
pub(crate) mod api_tokens;
pub(crate) mod apply;
mod audit;
mod audit_verify;
pub(crate) mod enrolment_tokens;
pub(crate) mod erase;
pub(crate) mod finding_state;
pub(crate) mod findings;
mod inventory;
mod me;
mod policy;
mod questions;
pub(crate) mod reason;
pub(crate) mod requests;
mod reveal;
pub(crate) mod route_test;
mod routes;
pub(crate) mod table;
pub(crate) mod views;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::access::Scope;
use crate::app::App;
use crate::metrics;
use crate::refusal::Refusal;

pub(crate) use accounts::{
    __path_accounts, __path_change_account, __path_change_password, __path_create_account, accounts,
    change_account, change_password, create_account,
};
pub(crate) use agent_labels::{__path_set_labels, set_labels};
pub(crate) use agents::{__path_agents, agents};
pub(crate) use api_tokens::{
    __path_api_tokens, __path_create_api_token, __path_revoke_api_token, api_tokens, create_api_token,
    revoke_api_token,
};
pub(crate) use apply::{__path_apply, __path_plan, apply, plan};
pub(crate) use audit::{__path_audit, audit};
pub(crate) use audit_verify::{__path_verify_audit, verify_audit};
pub(crate) use enrolment_tokens::{
    __path_create_enrolment_token, __path_enrolment_tokens, __path_revoke_enrolment_token,
    create_enrolment_token, enrolment_tokens, revoke_enrolment_token,
};
pub(crate) use erase::{__path_erase, erase};
pub(crate) use finding_state::{__path_set_state, set_state};
pub(crate) use findings::{__path_findings, findings};
pub(crate) use inventory::{__path_inventory, inventory};
pub(crate) use me::{__path_me, me};
pub(crate) use policy::{__path_policy, __path_policy_versions, policy, policy_versions};
pub(crate) use questions::{
    __path_bytes_out, __path_decisions, __path_questions, __path_spikes, __path_users_of_vendor, bytes_out,
    decisions, questions, spikes, users_of_vendor,
};
pub(crate) use requests::{
    __path_approve, __path_create_request, __path_create_requests, __path_refuse, __path_requests,
    __path_withdraw, approve, create_request, create_requests, refuse, requests, withdraw,
};
pub(crate) use reveal::{__path_reveal, reveal};
pub(crate) use route_test::{__path_test_route, test_route};
pub(crate) use routes::{__path_routes, routes};

/// Rows in an answer, unless the question says.
const ROWS: u16 = 100;
/// Bytes of what is written: a policy is the longest.
const BODY: usize = 1 << 20;
/// The most rows in an answer.
const MOST_ROWS: u16 = 1000;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserOfRow)]
struct User {
    uid: u32,
    name: Option<String>,
}

/// What a request's body says: JSON of at most [`BODY`] bytes.
async fn body<T: DeserializeOwned>(app: &App, request: Request, what: &str) -> Result<T, Refusal> {
    let body = crate::body::json(request, what, BODY, app.limits.body).await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::bad(format!("this is not {what}: {error}")))
}

/// Labels of hosts as they are asked for, if hosts can have them.
fn hosts(scope: Scope) -> Result<Scope, Refusal> {
    scope.check().map(|()| scope).map_err(Refusal::bad)
}

/// The number before which to go on; all, when none is given.
pub(crate) fn before(next: Option<i64>) -> Result<u64, Refusal> {
    next.map_or(Ok(u64::MAX), |next| {
        u64::try_from(next).map_err(|_| Refusal::bad("`before` must be the `next` of an earlier answer"))
    })
}

/// Whether the collector and its store answer
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "`ok`", body = String, content_type = "text/plain"),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn healthz(State(app): State<App>) -> Result<&'static str, Refusal> {
    app.store.answers().await?;
    Ok("ok\n")
}

/// What the collector counts
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    security(("token" = ["metrics:read"])),
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Refusal> {
    let sum = app.sums.get().await?;
    let text = app.metrics.text(&sum).map_err(|error| {
        tracing::error!("the metrics cannot be written: {error}");
        Refusal::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "the collector failed; see its log",
        )
    })?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text))
}
