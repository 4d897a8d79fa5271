//! `GET` and `POST /v1/enrolment-tokens`, `DELETE /v1/enrolment-tokens/{id}`

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::{Problem, Token as Secret};
use utoipa::ToSchema;

use super::body;
use crate::access::Principal;
use crate::app::App;
use crate::labels::Labels;
use crate::refusal::Refusal;
use crate::store::{NewToken, TOKEN_LABEL, TOKEN_USES, Token};

/// The longest life of a token in hours: 366 days.
const HOURS: u32 = 366 * 24;

/// What lets agents enrol.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnrolmentTokens {
    /// The newest first.
    tokens: Vec<EnrolmentTokenKept>,
}

/// A token as the collector keeps it: without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct EnrolmentTokenKept {
    id: String,
    /// What it is for.
    label: String,
    /// `good`, `revoked`, `expired` or `used up`.
    state: String,
    /// How many agents may still enrol with it.
    uses_left: u64,
    created: Timestamp,
    expires: Timestamp,
    revoked: Option<Timestamp>,
    /// What it gives the hosts of agents that enrol with it.
    host_labels: Labels,
}

impl EnrolmentTokenKept {
    fn of(token: Token, now: Timestamp) -> Self {
        Self {
            state: token.state(now).to_owned(),
            id: token.id,
            label: token.label,
            uses_left: token.uses_left,
            created: token.created,
            expires: token.expires,
            revoked: token.revoked,
            host_labels: token.labels,
        }
    }
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentTokenWanted {
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub(crate) label: String,
    /// How many agents may enrol with it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(crate) uses: u32,
    /// For how many hours it is good.
    #[schema(minimum = 1, maximum = 8784)]
    pub(crate) hours: u32,
    /// What it gives the hosts of agents that enrol with it.
    #[serde(default)]
    pub(crate) host_labels: Labels,
}

/// A token, this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnrolmentTokenMade {
    id: String,
    /// What agents show, `[enrolment] token` of their configuration; it is not kept.
    token: String,
}

/// What lets agents enrol
#[utoipa::path(
    get,
    path = "/v1/enrolment-tokens",
    tag = "agents",
    security(("token" = ["admin"])),
    responses(
        (status = 200, description = "All tokens", body = EnrolmentTokens),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn enrolment_tokens(State(app): State<App>) -> Result<Json<EnrolmentTokens>, Refusal> {
    let (tokens, now) = (app.store.tokens().await?, Timestamp::now());
    Ok(Json(EnrolmentTokens {
        tokens: tokens
            .into_iter()
            .map(|token| EnrolmentTokenKept::of(token, now))
            .collect(),
    }))
}

/// Makes a token for agents, which is shown this once
#[utoipa::path(
    post,
    path = "/v1/enrolment-tokens",
    tag = "agents",
    security(("token" = ["admin"])),
    request_body = EnrolmentTokenWanted,
    responses(
        (status = 200, description = "The token", body = EnrolmentTokenMade),
        (status = 400, description = "The request cannot be read, or label, uses, hours or host labels are none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "There are too many", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn create_enrolment_token(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<EnrolmentTokenMade>, Refusal> {
    let wanted: EnrolmentTokenWanted = body(&app, request, "a token").await?;
    let made = make(&app, &principal, wanted).await?;
    Ok(Json(EnrolmentTokenMade {
        token: made.to_string(),
        id: made.id,
    }))
}

/// Makes a token for agents of this collector's authority.
pub(crate) async fn make(
    app: &App,
    principal: &Principal,
    wanted: EnrolmentTokenWanted,
) -> Result<Secret, Refusal> {
    if wanted.label.chars().count() > TOKEN_LABEL || wanted.label.chars().any(char::is_control) {
        return Err(Refusal::bad(format!(
            "what a token is for is one line of at most {TOKEN_LABEL} characters"
        )));
    }
    if !TOKEN_USES.contains(&wanted.uses) {
        let (least, most) = (TOKEN_USES.start(), TOKEN_USES.end());
        return Err(Refusal::bad(format!("uses must be from {least} to {most}")));
    }
    if !(1..=HOURS).contains(&wanted.hours) {
        return Err(Refusal::bad(format!("hours must be from 1 to {HOURS}")));
    }
    wanted.host_labels.check().map_err(Refusal::bad)?;
    let new = NewToken {
        label: wanted.label,
        life: Duration::from_hours(wanted.hours.into()),
        uses: wanted.uses,
        labels: wanted.host_labels,
    };
    let made = app
        .store
        .create_token(&new, &app.authority, &principal.now())
        .await?;
    made.ok_or_else(|| {
        let why = "there are too many tokens; wait until some have been over for 30 days";
        Refusal::new(StatusCode::CONFLICT, why)
    })
}

/// Takes a token back; agents that enrolled with it stay
#[utoipa::path(
    delete,
    path = "/v1/enrolment-tokens/{id}",
    tag = "agents",
    security(("token" = ["admin"])),
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "It lets nobody in any more"),
        (status = 400, description = "The id cannot be read", body = Problem),
        (status = 404, description = "There is no such token", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn revoke_enrolment_token(
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
    if app.store.revoke_token(id, &principal.now()).await? {
        Ok(())
    } else {
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "there is no such token; /v1/enrolment-tokens lists them",
        ))
    }
}
