//! `GET /v1/routes`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::app::App;
use crate::refusal::Refusal;
use crate::store::RouteState;

/// Where alerts go. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Routes {
    /// By name.
    routes: Vec<AlertRoute>,
}

/// A route, and how it goes.
#[derive(Debug, Serialize, ToSchema)]
struct AlertRoute {
    name: String,
    /// `plain`, `webhook`, `slack`, `email`, `alertmanager` or `syslog`.
    kind: String,
    /// Where it goes, without what may be secret.
    place: String,
    /// Which findings it takes, in words.
    takes: String,
    /// Since when no collector has it; null while one does.
    removed: Option<Timestamp>,
    /// Alerts that wait.
    pending: u64,
    /// Since when the first of them does.
    waits_since: Option<Timestamp>,
    /// Alerts that the receiver took, as long as alerts are kept.
    delivered: u64,
    /// Alerts that it refused for good.
    refused: u64,
    /// Alerts that waited for too long and were dropped, and of which the receiver has not been told yet.
    omitted: u64,
    /// When the receiver last took something.
    last_sent: Option<Timestamp>,
    /// Since when it has taken nothing; null while it does.
    failing_since: Option<Timestamp>,
    /// What went wrong last, with the remedy.
    error: Option<String>,
}

impl From<RouteState> for AlertRoute {
    fn from(state: RouteState) -> Self {
        Self {
            name: state.name,
            kind: state.settings.kind,
            place: state.settings.place,
            takes: state.settings.filter.to_string(),
            removed: state.removed,
            pending: state.pending,
            waits_since: state.waits_since,
            delivered: state.delivered,
            refused: state.refused,
            omitted: state.omitted,
            last_sent: state.last_sent,
            failing_since: state.failing_since,
            error: state.error,
        }
    }
}

/// Where alerts go, and how that goes
#[utoipa::path(
    get,
    path = "/v1/routes",
    tag = "health",
    security(("token" = ["metrics:read"])),
    responses(
        (status = 200, description = "The routes", body = Routes),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn routes(State(app): State<App>) -> Result<Json<Routes>, Refusal> {
    let routes = app.store.routes().await?;
    Ok(Json(Routes {
        routes: routes.into_iter().map(AlertRoute::from).collect(),
    }))
}
