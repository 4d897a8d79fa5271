//! `GET /v1/requests`, and in its modules what people do about them.

mod create;
mod settle;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_policy::Scope;
use umbra_report::Problem;
use utoipa::{IntoParams, ToSchema};

use super::{MOST_ROWS, ROWS, before};
use crate::app::App;
use crate::names::People;
use crate::refusal::Refusal;
use crate::requests::RequestState;
use crate::store::{Request, Requests as Which};
pub(crate) use create::{
    __path_create_request, __path_create_requests, MOST, ask, check, create_request, create_requests,
};
pub(crate) use settle::{__path_approve, __path_refuse, __path_withdraw, approve, refuse, refused, withdraw};

/// `?state=…&before=…&limit=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only those in this state; all, when it is left out.
    #[param(inline)]
    state: Option<RequestState>,
    /// Only those before this one: the `next` of an earlier answer.
    #[param(minimum = 0)]
    before: Option<i64>,
    /// Rows, 100 unless it says.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// A part of the requests. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Requests {
    /// The newest first.
    requests: Vec<Asking>,
    /// What to give as `before` to go on; null at the end.
    next: Option<i64>,
}

/// What somebody asks to be sanctioned.
#[derive(Debug, Serialize, ToSchema)]
struct Asking {
    request: i64,
    state: RequestState,
    requester: String,
    created: Timestamp,
    /// What the sanction is to be called.
    sanction: String,
    scope: Scope,
    /// Which data are to be sent.
    data: Option<String>,
    reason: String,
    /// When the sanction is to end.
    expires: Option<Timestamp>,
    ticket: Option<String>,
    /// Who decided; null while it is pending.
    settled: Option<Settled>,
    /// The version of the policy that the approval made.
    policy: Option<u64>,
}

/// Who decided about a request.
#[derive(Debug, Serialize, ToSchema)]
struct Settled {
    actor: String,
    time: Timestamp,
    reason: String,
}

impl Asking {
    fn of(request: Request, people: &People) -> Self {
        let sanction = request.sanction;
        Self {
            request: request.id,
            state: request.state,
            requester: request.requester,
            created: request.created,
            sanction: sanction.id,
            scope: people.scope(sanction.scope),
            data: sanction.data.map(String::from),
            reason: sanction.reason,
            expires: sanction.expires,
            ticket: sanction.ticket,
            settled: request.settled.map(|settled| Settled {
                actor: settled.actor,
                time: settled.time,
                reason: settled.reason,
            }),
            policy: request.policy,
        }
    }
}

/// A part of the requests for sanctions: who asked for what, and what became of it
#[utoipa::path(
    get,
    path = "/v1/requests",
    tag = "policy",
    security(("token" = ["audit:read"])),
    params(Asked),
    responses(
        (status = 200, description = "The requests", body = Requests),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn requests(
    State(app): State<App>,
    asked: Result<QueryOf<Asked>, QueryRejection>,
) -> Result<Json<Requests>, Refusal> {
    let QueryOf(asked) = asked.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = asked.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    // A negative one is refused in the same words everywhere.
    before(asked.before)?;
    let which = Which {
        state: asked.state,
        before: asked.before,
    };
    let requests = app.store.requests(which, limit).await?;
    let is_full = requests.len() == usize::from(limit);
    Ok(Json(Requests {
        next: requests.last().filter(|_| is_full).map(|last| last.id),
        requests: requests
            .into_iter()
            .map(|request| Asking::of(request, app.store.people()))
            .collect(),
    }))
}
