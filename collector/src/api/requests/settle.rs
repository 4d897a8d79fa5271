//! `POST /v1/requests/{request}/approve`, `/refuse` and `/withdraw`

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::access::Principal;
use crate::api::body;
use crate::api::reason::{may_say, must_say};
use crate::app::App;
use crate::refusal::Refusal;
use crate::requests::RequestState;
use crate::store::{RequestError, StoreError};

/// An approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// What else there is to say.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: String,
    /// Only if this version of the policy is in force, 0 for none; whichever is, when it is left out.
    #[schema(minimum = 0)]
    against: Option<i64>,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct No {
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Whoever asked takes it back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawal {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: String,
}

/// What became of a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestIs {
    pub(super) request: i64,
    pub(super) state: RequestState,
    /// Who did it.
    pub(super) actor: String,
    /// The version of the policy that an approval made.
    pub(super) policy: Option<u64>,
}

/// Why a request cannot be made or decided.
pub(crate) fn refused(error: RequestError) -> Refusal {
    let mut about = &error;
    while let RequestError::OneOf { error, .. } = about {
        about = error;
    }
    let status = match about {
        RequestError::Missing(id) => {
            let why = format!("there is no request {id}; /v1/requests lists them");
            return Refusal::new(StatusCode::NOT_FOUND, why);
        }
        RequestError::SamePerson { .. } | RequestError::NoPerson { .. } | RequestError::NotTheirs { .. } => {
            StatusCode::FORBIDDEN
        }
        // Of the store it is that another policy is in force by now.
        RequestError::Store(_)
        | RequestError::OneOf { .. }
        | RequestError::Settled { .. }
        | RequestError::Unfit { .. }
        | RequestError::Over(_)
        | RequestError::TooMany => StatusCode::CONFLICT,
    };
    match error {
        RequestError::Store(error) if !matches!(error, StoreError::PolicyMoved { .. }) => error.into(),
        error => Refusal::new(status, error.to_string()),
    }
}

/// The number in the path.
fn number(path: Result<Path<i64>, PathRejection>) -> Result<i64, Refusal> {
    path.map(|Path(number)| number)
        .map_err(|error| Refusal::bad(error.body_text()))
}

/// Puts what was asked for in force, as its approver
///
/// Confidential and restricted data, and classes of the policy's own, take a second person: another account than that which
/// asked. A program with a token is no person.
#[utoipa::path(
    post,
    path = "/v1/requests/{request}/approve",
    tag = "policy",
    security(("token" = ["policy:write"])),
    params(("request" = i64, Path, minimum = 0, description = "Its number")),
    request_body = Approval,
    responses(
        (status = 200, description = "It is in force", body = RequestIs),
        (status = 400, description = "The approval cannot be read", body = Problem),
        (status = 403, description = "It takes a second person", body = Problem),
        (status = 404, description = "There is no such request", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "It is decided already, its end has passed, or it cannot stand in the policy that is in force by now", body = Problem),
        (status = 413, description = "The approval is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn approve(
    State(app): State<App>,
    principal: Principal,
    path: Result<Path<i64>, PathRejection>,
    request: Request,
) -> Result<Json<RequestIs>, Refusal> {
    let id = number(path)?;
    let said: Approval = body(&app, request, "an approval").await?;
    let against = said.against.map(u64::try_from).transpose();
    let against = against.map_err(|_| Refusal::bad("against must be a number from 0 on"))?;
    let done = app
        .store
        .approve_request(id, against, may_say(&said.reason)?, &principal.now())
        .await;
    Ok(Json(RequestIs {
        request: id,
        policy: Some(done.map_err(refused)?),
        state: RequestState::Approved,
        actor: principal.actor,
    }))
}

/// Says no to a request
#[utoipa::path(
    post,
    path = "/v1/requests/{request}/refuse",
    tag = "policy",
    security(("token" = ["policy:write"])),
    params(("request" = i64, Path, minimum = 0, description = "Its number")),
    request_body = No,
    responses(
        (status = 200, description = "It is refused", body = RequestIs),
        (status = 400, description = "The refusal cannot be read, or says no reason", body = Problem),
        (status = 404, description = "There is no such request", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "It is decided already", body = Problem),
        (status = 413, description = "The refusal is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn refuse(
    State(app): State<App>,
    principal: Principal,
    path: Result<Path<i64>, PathRejection>,
    request: Request,
) -> Result<Json<RequestIs>, Refusal> {
    let id = number(path)?;
    let said: No = body(&app, request, "a refusal").await?;
    let why = must_say(&said.reason)?;
    let done = app.store.refuse_request(id, why, &principal.now()).await;
    done.map_err(refused)?;
    Ok(settled(id, RequestState::Refused, principal))
}

/// Takes one's own request back
#[utoipa::path(
    post,
    path = "/v1/requests/{request}/withdraw",
    tag = "policy",
    security(("token" = ["requests:write"])),
    params(("request" = i64, Path, minimum = 0, description = "Its number")),
    request_body = Withdrawal,
    responses(
        (status = 200, description = "It is withdrawn", body = RequestIs),
        (status = 400, description = "The withdrawal cannot be read", body = Problem),
        (status = 403, description = "Somebody else made it", body = Problem),
        (status = 404, description = "There is no such request", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "It is decided already", body = Problem),
        (status = 413, description = "The withdrawal is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    principal: Principal,
    path: Result<Path<i64>, PathRejection>,
    request: Request,
) -> Result<Json<RequestIs>, Refusal> {
    let id = number(path)?;
    let said: Withdrawal = body(&app, request, "a withdrawal").await?;
    let done = app
        .store
        .withdraw_request(id, may_say(&said.reason)?, &principal.now())
        .await;
    done.map_err(refused)?;
    Ok(settled(id, RequestState::Withdrawn, principal))
}

fn settled(request: i64, state: RequestState, principal: Principal) -> Json<RequestIs> {
    Json(RequestIs {
        request,
        state,
        actor: principal.actor,
        policy: None,
    })
}
