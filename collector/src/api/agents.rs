//! `GET /v1/agents`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::{Condition, Problem};
use utoipa::{IntoParams, ToSchema};

use super::{MOST_ROWS, ROWS};
use crate::access::Principal;
use crate::app::App;
use crate::labels::Labels;
use crate::presence;
use crate::refusal::Refusal;
use crate::store::Roll;

/// `?after=…&limit=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Place to go on from: the `next` of an earlier answer.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Rows, 100 unless it says.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// A part of the agents that ever reported. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Agents {
    /// In the order of their first reports.
    agents: Vec<Heard>,
    /// What to give as `after` to go on; null at the end.
    next: Option<i64>,
}

/// An agent that ever reported.
#[derive(Debug, Serialize, ToSchema)]
struct Heard {
    agent: String,
    host: String,
    state: presence::State,
    version: String,
    kernel: String,
    started: Timestamp,
    first_report: Timestamp,
    last_report: Timestamp,
    condition: Option<Condition>,
    /// Its host's labels.
    labels: Labels,
}

impl From<Roll> for Heard {
    fn from(roll: Roll) -> Self {
        Self {
            agent: roll.agent,
            host: roll.host,
            state: roll.state,
            version: roll.version,
            kernel: roll.kernel,
            started: roll.started,
            first_report: roll.first_report,
            last_report: roll.last_report,
            condition: roll.condition,
            labels: roll.labels,
        }
    }
}

/// A part of the agents: which are heard, and how their work goes
#[utoipa::path(
    get,
    path = "/v1/agents",
    tag = "health",
    security(("token" = ["inventory:read"])),
    params(Part),
    responses(
        (status = 200, description = "The agents", body = Agents),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn agents(
    State(app): State<App>,
    principal: Principal,
    part: Result<QueryOf<Part>, QueryRejection>,
) -> Result<Json<Agents>, Refusal> {
    let QueryOf(part) = part.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = part.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    let after = part.after.unwrap_or_default();
    if after < 0 {
        return Err(Refusal::bad("`after` must be the `next` of an earlier answer"));
    }
    let roll = app
        .store
        .roll(&principal.scope, app.missing, after, limit)
        .await?;
    let is_full = roll.len() == usize::from(limit);
    Ok(Json(Agents {
        next: roll.last().filter(|_| is_full).map(|last| last.row),
        agents: roll.into_iter().map(Heard::from).collect(),
    }))
}
