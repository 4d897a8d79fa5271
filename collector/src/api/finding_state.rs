//! `POST /v1/findings/{finding}/state`

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::body;
use super::reason::{may_say, must_say};
use crate::access::Principal;
use crate::app::App;
use crate::findings::FindingState;
use crate::refusal::Refusal;
use crate::store::{FindingDecision, Share};

/// A finding is snoozed for so many days at most.
const DAYS: i64 = 366;

/// What is to become of a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewState {
    state: FindingState,
    /// Why, in at most 2000 characters; needed for what settles a finding or puts it aside.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: String,
    /// Until when, for `snoozed` alone: in the future, and within 366 days.
    until: Option<Timestamp>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateSet {
    finding: i64,
    state: FindingState,
    until: Option<Timestamp>,
    /// Who did it.
    actor: String,
}

impl NewState {
    pub(crate) fn new(state: FindingState, reason: String, until: Option<Timestamp>) -> Self {
        Self { state, reason, until }
    }

    fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.state {
            FindingState::Open | FindingState::Acknowledged => may_say(&self.reason)?,
            _ => must_say(&self.reason)?,
        };
        let last = now.saturating_add(SignedDuration::from_hours(24 * DAYS));
        match (self.state, self.until) {
            (FindingState::Snoozed, Some(until)) if until > now && last.is_ok_and(|last| until <= last) => {
                Ok(())
            }
            (FindingState::Snoozed, _) => Err(Refusal::bad(format!(
                "say until when it is snoozed: a time within {DAYS} days, as until"
            ))),
            (_, Some(_)) => Err(Refusal::bad("until is for the state snoozed alone")),
            (_, None) => Ok(()),
        }
    }
}

/// Puts a finding into a state, with a reason, which the audit log keeps
#[utoipa::path(
    post,
    path = "/v1/findings/{finding}/state",
    tag = "policy",
    security(("token" = ["findings:write"])),
    params(("finding" = i64, Path, minimum = 0, description = "Its number")),
    request_body = NewState,
    responses(
        (status = 200, description = "It is in that state", body = StateSet),
        (status = 400, description = "The request cannot be read, or a reason or time is missing", body = Problem),
        (status = 404, description = "There is no such finding, or none that who asks sees", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn set_state(
    State(app): State<App>,
    principal: Principal,
    finding: Result<Path<i64>, PathRejection>,
    request: Request,
) -> Result<Json<StateSet>, Refusal> {
    let Path(finding) = finding.map_err(|error| Refusal::bad(error.body_text()))?;
    let new: NewState = body(&app, request, "a finding's state").await?;
    put(&app, &principal, &[finding].into(), &new).await?;
    Ok(Json(StateSet {
        finding,
        state: new.state,
        until: new.until,
        actor: principal.actor,
    }))
}

/// Puts findings into a state, all or none, if whoever asks sees all that they are about.
pub(crate) async fn put(
    app: &App,
    principal: &Principal,
    findings: &BTreeSet<i64>,
    new: &NewState,
) -> Result<(), Refusal> {
    let by = principal.now();
    new.check(by.time)?;
    let missing = |finding: i64| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("there is no finding {finding}; /v1/findings lists them"),
        )
    };
    for &finding in findings {
        match app.store.share_of_finding(finding, &principal.scope).await? {
            Share::Whole => {}
            Share::None => return Err(missing(finding)),
            Share::Part => {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    format!(
                        "finding {finding} is about hosts, too, that you do not see; ask somebody who sees them all"
                    ),
                ));
            }
        }
    }
    let decision = FindingDecision {
        state: new.state,
        until: new.until,
        reason: new.reason.trim(),
    };
    let done = app.store.decide_findings(findings, &decision, &by).await?;
    done.map_or(Ok(()), |finding| Err(missing(finding)))
}
