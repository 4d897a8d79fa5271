//! `GET` and `POST /v1/api-tokens`, `DELETE /v1/api-tokens/{id}`

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::{body, hosts};
use crate::access::{Principal, Right, Scope};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::{ApiToken, NewApiToken};

/// Characters of a name.
const NAME: usize = 200;

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiTokens {
    /// The newest first.
    tokens: Vec<ApiTokenKept>,
}

/// A token as the collector keeps it: without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct ApiTokenKept {
    id: String,
    name: String,
    scopes: Vec<Right>,
    /// Which hosts it sees: those that have, of each key, one of the values; all, when there is no key.
    hosts: Scope,
    created: Timestamp,
    created_by: String,
    expires: Timestamp,
    /// To a minute.
    last_used: Option<Timestamp>,
    revoked: Option<Timestamp>,
}

impl From<ApiToken> for ApiTokenKept {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scopes: token.rights,
            hosts: token.scope,
            created: token.created,
            created_by: token.maker,
            expires: token.expires,
            last_used: token.used,
            revoked: token.revoked,
        }
    }
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiTokenWanted {
    /// What it is for.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub(crate) name: String,
    /// What it may do.
    #[schema(min_items = 1, max_items = 32)]
    pub(crate) scopes: Vec<Right>,
    #[serde(default)]
    pub(crate) hosts: Scope,
    /// For how many days it is good.
    #[schema(minimum = 1, maximum = 366)]
    pub(crate) days: i64,
}

/// A token, this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiTokenMade {
    id: String,
    /// What is sent as `Authorization: Bearer …`; it is not kept.
    pub(crate) token: String,
}

/// What lets programs use the API
#[utoipa::path(
    get,
    path = "/v1/api-tokens",
    tag = "people",
    security(("token" = ["admin"])),
    responses(
        (status = 200, description = "All tokens", body = ApiTokens),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn api_tokens(State(app): State<App>) -> Result<Json<ApiTokens>, Refusal> {
    let tokens = app.store.api_tokens().await?;
    Ok(Json(ApiTokens {
        tokens: tokens.into_iter().map(ApiTokenKept::from).collect(),
    }))
}

/// Makes a token, which is shown this once
#[utoipa::path(
    post,
    path = "/v1/api-tokens",
    tag = "people",
    security(("token" = ["admin"])),
    request_body = ApiTokenWanted,
    responses(
        (status = 200, description = "The token", body = ApiTokenMade),
        (status = 400, description = "The request cannot be read, or name, scopes, labels or days are none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "There are too many", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn create_api_token(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<ApiTokenMade>, Refusal> {
    let wanted: ApiTokenWanted = body(&app, request, "a token").await?;
    make(&app, &principal, wanted).await.map(Json)
}

/// Makes a token.
pub(crate) async fn make(
    app: &App,
    principal: &Principal,
    new: ApiTokenWanted,
) -> Result<ApiTokenMade, Refusal> {
    let fits = (1..=NAME).contains(&new.name.chars().count()) && !new.name.chars().any(char::is_control);
    if !fits {
        return Err(Refusal::bad(format!(
            "a name is one line of 1 to {NAME} characters"
        )));
    }
    if new.scopes.is_empty() || new.scopes.len() > 32 {
        return Err(Refusal::bad("say what the token may do: give 1 to 32 scopes"));
    }
    let days = u64::try_from(new.days)
        .ok()
        .filter(|days| (1..=366).contains(days));
    let days = days.ok_or_else(|| Refusal::bad("days must be from 1 to 366"))?;
    let wanted = NewApiToken {
        name: &new.name,
        rights: &new.scopes,
        scope: &hosts(new.hosts)?,
        life: Duration::from_hours(24 * days),
    };
    let made = app.store.create_api_token(&wanted, &principal.now()).await?;
    let (id, token) = made.ok_or_else(|| {
        let why = "there are too many tokens; wait until some have been over for 30 days";
        Refusal::new(StatusCode::CONFLICT, why)
    })?;
    Ok(ApiTokenMade { id, token })
}

/// Takes a token back
#[utoipa::path(
    delete,
    path = "/v1/api-tokens/{id}",
    tag = "people",
    security(("token" = ["admin"])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It is good for nothing any more"),
        (status = 400, description = "The id cannot be read", body = Problem),
        (status = 404, description = "There is no such token", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn revoke_api_token(
    State(app): State<App>,
    principal: Principal,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    let Path(id) = id.map_err(|error| Refusal::bad(error.body_text()))?;
    take_back(&app, &principal, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a token back.
pub(crate) async fn take_back(app: &App, principal: &Principal, id: &str) -> Result<(), Refusal> {
    if app.store.revoke_api_token(id, &principal.now()).await? {
        Ok(())
    } else {
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "there is no such token; /v1/api-tokens lists them",
        ))
    }
}
