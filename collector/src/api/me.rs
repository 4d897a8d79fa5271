//! `GET /v1/me`

use axum::Json;
use serde::Serialize;
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::access::{Principal, Right, Scope};

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// As the audit log names it.
    actor: String,
    /// The account, of a person.
    account: Option<String>,
    /// What it may do.
    rights: Vec<Right>,
    /// Which hosts it sees: those that have, of each key, one of the values; all, when there is no key.
    hosts: Scope,
    /// What a person's writes show as `X-CSRF-Token`.
    csrf: Option<String>,
}

/// Who asks, and what may they do
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "people",
    security(("token" = [])),
    responses(
        (status = 200, description = "Whoever asks", body = Me),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn me(principal: Principal) -> Json<Me> {
    Json(Me {
        actor: principal.actor,
        account: principal.account,
        rights: principal.rights,
        hosts: principal.scope,
        csrf: principal.csrf,
    })
}
