//! `GET /v1/findings`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::{Evidence, Problem};
use utoipa::{IntoParams, ToSchema};

use super::{MOST_ROWS, ROWS, User, before};
use crate::access::Principal;
use crate::app::App;
use crate::findings::{Facts, FindingKind, FindingState, Severity};
use crate::refusal::Refusal;
use crate::store::{Finding, FindingsAsked};

/// Characters of a host's name.
const HOST: usize = umbra_report::limits::HOST;

/// `?state=…&kind=…&severity=…&host=…&before=…&limit=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only those in this state; all, when it is left out.
    #[param(inline)]
    state: Option<FindingState>,
    /// Only those of this kind.
    #[param(inline)]
    kind: Option<FindingKind>,
    /// Only those of this severity.
    #[param(inline)]
    severity: Option<Severity>,
    /// Only those of what was seen on hosts of this name, and of their agents.
    #[param(max_length = 255, pattern = r"^[^\x00]*$")]
    host: Option<String>,
    /// Only those before this one: the `next` of an earlier answer.
    #[param(minimum = 0)]
    before: Option<i64>,
    /// Rows, 100 unless it says.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// A part of the findings. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Findings {
    /// The newest first.
    findings: Vec<Found>,
    /// What to give as `before` to go on; null at the end.
    next: Option<i64>,
}

/// A program in its place, and a vendor; its rows are those of `/v1/inventory?finding=…`. Of a finding about an agent the
/// program is the agent, and vendor, service and name are empty.
#[derive(Debug, Serialize, ToSchema)]
struct Found {
    finding: i64,
    /// `new_caller`, `prohibited_use`, `first_use`, `gateway_bypass`, `personal_plan`, `volume_spike`, `silent_agent`,
    /// `lossy_agent`, or one of a later version.
    kind: String,
    severity: Severity,
    /// What it is about, in a sentence with its numbers.
    explanation: String,
    /// What it was raised for.
    facts: Facts,
    state: FindingState,
    snoozed_until: Option<Timestamp>,
    /// Who put it into that state, `umbra-collector` when it did so itself; null while nobody has looked at it.
    decided: Option<Decided>,
    program: String,
    /// `image:NAME`, `unit:NAME`, `container`, or empty; `agent:ID` of a finding about an agent, `sanction:ID` about a sanction.
    place: String,
    vendor: String,
    service: String,
    name: String,
    /// Whom it was first seen of.
    user: User,
    /// On which host.
    host: String,
    evidence: Option<Evidence>,
    first_seen: Timestamp,
    created: Timestamp,
    /// Version of the policy under which it was raised; 0 before anything was decided.
    policy: i64,
    /// The sanction that counted.
    sanction: Option<String>,
}

/// Who put a finding into its state.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    actor: String,
    time: Timestamp,
    reason: String,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self {
            explanation: finding.explanation(),
            facts: finding.facts,
            finding: finding.id,
            severity: FindingKind::of(&finding.kind).map_or(Severity::Medium, FindingKind::severity),
            kind: finding.kind,
            state: finding.state,
            snoozed_until: finding.snoozed_until,
            decided: finding.decided.map(|decided| Decided {
                actor: decided.actor,
                time: decided.time,
                reason: decided.reason,
            }),
            program: finding.program,
            place: finding.place,
            vendor: finding.vendor,
            service: finding.service,
            name: finding.name,
            user: User {
                uid: u32::try_from(finding.uid).unwrap_or(u32::MAX),
                name: finding.user_name,
            },
            host: finding.host,
            evidence: finding.evidence,
            first_seen: finding.first_seen,
            created: finding.created,
            policy: finding.policy,
            sanction: finding.sanction,
        }
    }
}

/// A part of the findings: what deserves a person, and what became of it
#[utoipa::path(
    get,
    path = "/v1/findings",
    tag = "policy",
    security(("token" = ["inventory:read"])),
    params(Asked),
    responses(
        (status = 200, description = "The findings", body = Findings),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn findings(
    State(app): State<App>,
    principal: Principal,
    asked: Result<QueryOf<Asked>, QueryRejection>,
) -> Result<Json<Findings>, Refusal> {
    let QueryOf(asked) = asked.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = asked.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    let question = FindingsAsked {
        state: asked.state,
        kind: asked.kind,
        severity: asked.severity,
        host: asked.host.as_deref(),
        before: asked.before,
    };
    let (findings, next) = part(&app, &principal, question, limit).await?;
    Ok(Json(Findings {
        next,
        findings: findings.into_iter().map(Found::from).collect(),
    }))
}

/// At most `limit` of the findings that somebody sees, and what to go on before, when there may be more.
pub(crate) async fn part(
    app: &App,
    principal: &Principal,
    asked: FindingsAsked<'_>,
    limit: u16,
) -> Result<(Vec<Finding>, Option<i64>), Refusal> {
    // A negative one is refused in the same words everywhere.
    before(asked.before)?;
    if asked
        .host
        .is_some_and(|host| host.chars().count() > HOST || host.contains('\0'))
    {
        return Err(Refusal::bad(format!(
            "a host's name has at most {HOST} characters, none of them NUL"
        )));
    }
    let findings = app
        .store
        .findings_seen(&principal.scope, asked, Timestamp::now(), limit)
        .await?;
    let is_full = findings.len() == usize::from(limit);
    let next = findings.last().filter(|_| is_full).map(|last| last.id);
    Ok((findings, next))
}
