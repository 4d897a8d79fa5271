//! `POST /v1/policy` and `POST /v1/policy/plan`

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_policy::{Change, File, Verdict};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::body;
use crate::access::Principal;
use crate::app::App;
use crate::catalogue;
use crate::policy::{Plan, dropped};
use crate::refusal::Refusal;
use crate::store::{Decided, NewPolicy, StoreError};

/// Characters of a comment.
const COMMENT: usize = 200;

/// A policy that is to be in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// The file's text, TOML: docs/POLICY.md.
    pub(crate) policy: String,
    /// The version that it was planned against, 0 for none: it is refused when somebody was faster.
    #[schema(minimum = 0)]
    pub(crate) against: i64,
    /// What for.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) comment: String,
    /// End what was approved by request and is not in the file.
    #[serde(default)]
    pub(crate) drop_requested: bool,
}

/// A policy that is looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The file's text, TOML: docs/POLICY.md.
    policy: String,
}

/// What came into force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionApplied {
    pub(crate) version: u64,
    /// Who did it.
    actor: String,
    /// What the file says and perhaps does not mean, each with its line.
    remarks: Vec<String>,
}

/// What a file says, or each of its mistakes.
async fn read(text: String, now: Timestamp) -> Result<(File, String), Refusal> {
    // A file of a megabyte takes milliseconds of the processor, and so does the catalogue, the first time.
    let read = tokio::task::spawn_blocking(move || {
        let read = File::parse(&text, catalogue::builtin(), now);
        (read, text)
    });
    let (read, text) = read
        .await
        .map_err(|_| Refusal::bad("the policy cannot be read"))?;
    let file = read.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Refusal::bad(format!(
            "the policy cannot be used, and nothing was changed: {}",
            faults.join("; ")
        ))
    })?;
    Ok((file, text))
}

/// Puts a policy in force, whole, in the place of the one before
#[utoipa::path(
    post,
    path = "/v1/policy",
    tag = "policy",
    security(("token" = ["policy:write"])),
    request_body = NewVersion,
    responses(
        (status = 200, description = "It is in force", body = VersionApplied),
        (status = 400, description = "The request cannot be read, or the policy has mistakes: each with its line", body = Problem),
        (status = 403, description = "A person alone would sanction data that two people must agree about", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "Another version is in force than it was planned against: plan again; or it would end what was approved by request", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn apply(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<VersionApplied>, Refusal> {
    let new: NewVersion = body(&app, request, "a policy").await?;
    Ok(Json(put_in_force(&app, &principal, new).await?))
}

/// Puts a policy in force, in somebody's name.
pub(crate) async fn put_in_force(
    app: &App,
    principal: &Principal,
    new: NewVersion,
) -> Result<VersionApplied, Refusal> {
    let against =
        u64::try_from(new.against).map_err(|_| Refusal::bad("against must be a number from 0 on"))?;
    if new.comment.chars().count() > COMMENT || new.comment.chars().any(char::is_control) {
        return Err(Refusal::bad(format!(
            "a comment is one line of at most {COMMENT} characters"
        )));
    }
    let by = principal.now();
    let (file, text) = read(new.policy, by.time).await?;
    let before = app.store.policy(against).await?.unwrap_or_default();
    let changes = umbra_policy::difference(&before.sanctions, &file.sanctions);
    if !new.drop_requested {
        keep_requested(app, &changes).await?;
    }
    // Of a program, the second person is who reviews what it applies.
    if principal.account.is_some() {
        leave_to_two(&file, &changes)?;
    }
    let version = NewPolicy {
        file: &file,
        text: &text,
        comment: &new.comment,
        against,
    };
    match app.store.apply_policy(&version, &by).await {
        Ok(version) => Ok(VersionApplied {
            version,
            remarks: file.remarks(by.time).iter().map(ToString::to_string).collect(),
            actor: principal.actor.clone(),
        }),
        Err(moved @ StoreError::PolicyMoved { .. }) => {
            Err(Refusal::new(StatusCode::CONFLICT, moved.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses to end what somebody approved by request, which the file does not know of.
async fn keep_requested(app: &App, changes: &[Change<'_>]) -> Result<(), Refusal> {
    match dropped(changes, &app.store.requested().await?) {
        None => Ok(()),
        Some(dropped) => Err(Refusal::new(
            StatusCode::CONFLICT,
            format!(
                "it would end what was approved by request: {dropped}; take it into the file, or say drop_requested"
            ),
        )),
    }
}

/// Refuses one person's sanction for data that two people must agree about.
fn leave_to_two(file: &File, changes: &[Change<'_>]) -> Result<(), Refusal> {
    let takes_two = |change: &Change<'_>| match change {
        Change::Added(sanction) | Change::Changed(_, sanction) if sanction.verdict == Verdict::Sanctioned => {
            let class = sanction.data.as_ref().filter(|class| file.takes_two(class))?;
            Some((sanction.id.clone(), class.to_string()))
        }
        Change::Added(_) | Change::Changed(..) | Change::Removed(_) => None,
    };
    match changes.iter().find_map(takes_two) {
        None => Ok(()),
        Some((id, class)) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "{id} is new or changed, and {class} data takes two people: leave it as it was, ask for it by a request, \
                 and have somebody else approve"
            ),
        )),
    }
}

/// What a policy would change, and whose verdict; changes nothing
///
/// It reads the whole inventory: a million callers take about half a minute, and one plan is made at a time.
#[utoipa::path(
    post,
    path = "/v1/policy/plan",
    tag = "policy",
    security(("token" = ["policy:write"])),
    request_body = Draft,
    responses(
        (status = 200, description = "As `umbra-collector policy plan --json` prints it", body = serde_json::Value),
        (status = 400, description = "The request cannot be read, or the policy has mistakes: each with its line", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 429, description = "Another plan is being made; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn plan(State(app): State<App>, request: Request) -> Result<impl IntoResponse, Refusal> {
    let draft: Draft = body(&app, request, "a policy").await?;
    let Planned {
        file, before, plan, ..
    } = planned(&app, draft.policy).await?;
    let text = plan.json(&before, &file).map_err(StoreError::from)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text))
}

/// A policy that was held against the inventory.
pub(crate) struct Planned {
    pub(crate) text: String,
    pub(crate) file: File,
    /// What is in force.
    pub(crate) before: Decided,
    pub(crate) plan: Plan,
}

/// Holds a policy against the inventory; one is at a time.
pub(crate) async fn planned(app: &App, text: String) -> Result<Planned, Refusal> {
    let _turn = app
        .planning
        .try_acquire()
        .map_err(|_| Refusal::too_many("another plan is being made; come back", Duration::from_secs(10)))?;
    let now = Timestamp::now();
    let (file, text) = read(text, now).await?;
    let version = app.store.policy_version().await?;
    let before = app.store.policy(version).await?.unwrap_or_default();
    let plan = Plan::make(&app.store, &before, &file, now).await?;
    Ok(Planned {
        text,
        file,
        before,
        plan,
    })
}
