//! `PUT /v1/agents/{agent}/labels`

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

use super::body;
use crate::access::Principal;
use crate::app::App;
use crate::labels::Labels;
use crate::refusal::Refusal;

/// Labels that a host is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLabels {
    /// In place of those that it has; none takes all away.
    labels: Labels,
}

/// Labels that a host has now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelsSet {
    agent: Uuid,
    labels: Labels,
}

/// Gives an agent's host labels in place of those that it has
///
/// They say who sees the host, which alerts and sanctions are about it, and which configuration its agent runs.
#[utoipa::path(
    put,
    path = "/v1/agents/{agent}/labels",
    tag = "agents",
    security(("token" = ["admin"])),
    params(("agent" = Uuid, Path, description = "Its id")),
    request_body = NewLabels,
    responses(
        (status = 200, description = "The labels", body = LabelsSet),
        (status = 400, description = "The request cannot be read, or the labels are none", body = Problem),
        (status = 404, description = "No such agent has enrolled", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn set_labels(
    State(app): State<App>,
    principal: Principal,
    agent: Result<Path<Uuid>, PathRejection>,
    request: Request,
) -> Result<Json<LabelsSet>, Refusal> {
    let Path(agent) = agent.map_err(|error| Refusal::bad(error.body_text()))?;
    let NewLabels { labels } = body(&app, request, "labels").await?;
    put(&app, &principal, agent, &labels).await?;
    Ok(Json(LabelsSet { agent, labels }))
}

/// Gives an agent's host these labels in place of those that it has.
pub(crate) async fn put(
    app: &App,
    principal: &Principal,
    agent: Uuid,
    labels: &Labels,
) -> Result<(), Refusal> {
    labels.check().map_err(Refusal::bad)?;
    if app.store.label(agent, labels, &principal.now()).await? {
        Ok(())
    } else {
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "no agent of this id has enrolled; `umbra-collector agent list` shows them all",
        ))
    }
}
