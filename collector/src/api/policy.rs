//! `GET /v1/policy` and `/v1/policy/versions`

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_policy::{Egress, Plan, Sanction};
use umbra_report::Problem;
use utoipa::{IntoParams, ToSchema};

use super::{MOST_ROWS, ROWS, before};
use crate::app::App;
use crate::names::People;
use crate::refusal::Refusal;
use crate::store::{Decided, PolicyVersion};

/// `?version=…` or `?at=…`; without either, what is in force now.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// A version; goes before `at`.
    #[param(minimum = 0)]
    version: Option<i64>,
    /// What was in force at this time (RFC 3339).
    #[param(format = "date-time")]
    at: Option<String>,
}

/// A version of the policy. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Policy {
    /// When it came into force and who did it; null before anything was decided.
    version: Option<PolicyChange>,
    /// Users of the policy's groups.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// In the order in which they were decided.
    sanctions: Vec<Sanction>,
    /// Ways by which vendors are to be reached.
    egress: Vec<Egress>,
    /// Plans that the organisation has.
    plans: Vec<Plan>,
}

/// A change of the policy.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyChange {
    version: u64,
    applied: Timestamp,
    actor: String,
    comment: String,
}

impl From<PolicyVersion> for PolicyChange {
    fn from(version: PolicyVersion) -> Self {
        Self {
            version: version.version,
            applied: version.applied,
            actor: version.actor,
            comment: version.comment,
        }
    }
}

impl Policy {
    /// As `people` are named to those who ask.
    fn of(decided: Decided, people: &People) -> Self {
        let groups = decided.groups.into_iter().map(|(group, users)| {
            let users = users.into_iter().map(|user| people.name(user));
            (group, users.collect())
        });
        let sanctions = decided.sanctions.into_iter().map(|sanction| Sanction {
            scope: people.scope(sanction.scope),
            ..sanction
        });
        let egress = decided.rules.egress.into_iter().map(|rule| Egress {
            direct: rule.direct.into_iter().map(|scope| people.scope(scope)).collect(),
            ..rule
        });
        Self {
            version: decided.version.map(PolicyChange::from),
            groups: groups.collect(),
            sanctions: sanctions.collect(),
            egress: egress.collect(),
            plans: decided.rules.plans,
        }
    }
}

/// What has been decided about callers and vendors, now or then
#[utoipa::path(
    get,
    path = "/v1/policy",
    tag = "policy",
    security(("token" = ["inventory:read"])),
    params(Which),
    responses(
        (status = 200, description = "The version", body = Policy),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 404, description = "There is no such version", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn policy(
    State(app): State<App>,
    which: Result<QueryOf<Which>, QueryRejection>,
) -> Result<Json<Policy>, Refusal> {
    let QueryOf(which) = which.map_err(|error| Refusal::bad(error.body_text()))?;
    let version = match (which.version, which.at) {
        (Some(version), _) => {
            u64::try_from(version).map_err(|_| Refusal::bad("version must be a number from 0 on"))?
        }
        (None, Some(at)) => {
            let at: Timestamp = at
                .parse()
                .map_err(|_| Refusal::bad("at must be a time with its zone, such as 2026-11-27T12:00:00Z"))?;
            app.store.policy_version_at(at).await?
        }
        (None, None) => {
            let decided = app.store.in_force().await?.decided.clone();
            return Ok(Json(Policy::of(decided, app.store.people())));
        }
    };
    match app.store.policy(version).await? {
        Some(decided) => Ok(Json(Policy::of(decided, app.store.people()))),
        None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("the policy has no version {version}; /v1/policy/versions lists them"),
        )),
    }
}

/// `?before=…&limit=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only versions before this one: the `next` of an earlier answer.
    #[param(minimum = 0)]
    before: Option<i64>,
    /// Rows, 100 unless it says.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// A part of the policy's versions. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Versions {
    /// The newest first.
    versions: Vec<PolicyChange>,
    /// What to give as `before` to go on; null at the end.
    next: Option<u64>,
}

/// A part of the policy's versions: when each came into force, and who did it
#[utoipa::path(
    get,
    path = "/v1/policy/versions",
    tag = "policy",
    security(("token" = ["inventory:read"])),
    params(Part),
    responses(
        (status = 200, description = "The versions", body = Versions),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn policy_versions(
    State(app): State<App>,
    part: Result<QueryOf<Part>, QueryRejection>,
) -> Result<Json<Versions>, Refusal> {
    let QueryOf(part) = part.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = part.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    let before = before(part.before)?;
    let versions = app.store.policy_versions(before, limit).await?;
    let is_full = versions.len() == usize::from(limit);
    Ok(Json(Versions {
        next: versions.last().filter(|_| is_full).map(|last| last.version),
        versions: versions.into_iter().map(PolicyChange::from).collect(),
    }))
}
