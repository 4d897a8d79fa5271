//! What has been decided: the versions, what is in force, and the text of one with what it changed.

mod changes;
mod draft;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use umbra_policy::{Sanction, Verdict};

use super::asked::Asked;
use super::format::Time;
use super::shell::{Section, Shell};
use super::shown;
use crate::access::{Principal, Right};
use crate::api::before;
use crate::app::App;
use crate::names::People;
use crate::refusal::Refusal;
use crate::store::PolicyVersion;
use changes::{Line, changed};
pub(crate) use draft::{draft, propose, try_draft};

/// Versions on a page.
const ROWS: u16 = 50;
/// Sanctions on a page; `policy show` has all of them.
const SANCTIONS: usize = 200;
/// Bytes of a text that are shown.
const TEXT: usize = 48 << 10;

#[derive(Template)]
#[template(path = "policies.html")]
struct List {
    /// Whether whoever reads may change it.
    may_change: bool,
    shell: Shell,
    /// The number of the version in force; 0 before there is one.
    in_force: u64,
    sanctions: Vec<Decision>,
    /// How many sanctions there are more.
    more: usize,
    versions: Vec<Version>,
    next: Option<u64>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct One {
    shell: Shell,
    version: Version,
    /// Whether the text names people whom nobody may see named; then none of it is shown.
    is_hidden: bool,
    /// What it changed of the version before.
    changes: Vec<Line>,
    /// Whether there are more changes than are shown.
    is_cut: bool,
    text: String,
    /// Whether the text goes on.
    text_is_cut: bool,
}

/// A version in words.
struct Version {
    number: u64,
    applied: Time,
    actor: String,
    comment: String,
}

/// A sanction in words.
pub(super) struct Decision {
    pub(super) id: String,
    pub(super) verdict: Verdict,
    pub(super) scope: String,
    pub(super) data: String,
    pub(super) reason: String,
    pub(super) approver: String,
    pub(super) expires: Option<Time>,
}

/// `?before=…`
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    before: Option<i64>,
}

impl From<PolicyVersion> for Version {
    fn from(version: PolicyVersion) -> Self {
        Self {
            number: version.version,
            applied: version.applied.into(),
            actor: version.actor,
            comment: version.comment,
        }
    }
}

impl Decision {
    /// As `people` are named to those who look.
    pub(super) fn of(sanction: &Sanction, people: &People) -> Self {
        Self {
            id: sanction.id.clone(),
            verdict: sanction.verdict,
            scope: people.scope(sanction.scope.clone()).to_string(),
            data: sanction
                .data
                .as_ref()
                .map_or_else(|| "not said".to_owned(), ToString::to_string),
            reason: sanction.reason.clone(),
            approver: sanction.approver.clone(),
            expires: sanction.expires.map(Time::from),
        }
    }
}

/// `GET /policy`
pub(crate) async fn policies(
    State(app): State<App>,
    principal: Principal,
    Asked(part): Asked<Part>,
) -> Result<Response, Refusal> {
    let policy = app.store.in_force().await?;
    let sanctions = &policy.decided.sanctions;
    let versions = app.store.policy_versions(before(part.before)?, ROWS).await?;
    let is_full = versions.len() == usize::from(ROWS);
    let page = List {
        may_change: principal.may(Right::PolicyWrite),
        shell: Shell::of(Section::Policy, principal),
        in_force: policy.decided.number(),
        sanctions: sanctions
            .iter()
            .take(SANCTIONS)
            .map(|sanction| Decision::of(sanction, app.store.people()))
            .collect(),
        more: sanctions.len().saturating_sub(SANCTIONS),
        next: versions.last().filter(|_| is_full).map(|last| last.version),
        versions: versions.into_iter().map(Version::from).collect(),
        is_first: part.before.is_none(),
    };
    shown(StatusCode::OK, &page)
}

/// `GET /policy/{version}`
pub(crate) async fn policy(
    State(app): State<App>,
    principal: Principal,
    version: Result<Path<u64>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(number) = version.map_err(|error| Refusal::bad(error.body_text()))?;
    let missing = || {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("the policy has no version {number}; /policy lists those that there are"),
        )
    };
    let found = app.store.policy_versions(number.saturating_add(1), 1).await?;
    let version = found.into_iter().next().filter(|found| found.version == number);
    let version = version.ok_or_else(missing)?;
    // Its author wrote names in scopes, groups and comments, as they pleased.
    let is_hidden = app.store.people().are_hidden();
    let (before, text) = if is_hidden {
        Default::default()
    } else {
        (
            app.store.policy_text(number - 1).await?.unwrap_or_default(),
            app.store.policy_text(number).await?.unwrap_or_default(),
        )
    };
    // A text may have a megabyte.
    let (changes, text) = tokio::task::spawn_blocking(move || (changed(&before, &text), text))
        .await
        .map_err(|error| {
            tracing::error!("two versions of the policy cannot be compared: {error}");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the collector failed; see its log",
            )
        })?;
    let (changes, is_cut) = changes;
    let shown_text = changes::begin(&text, TEXT);
    let page = One {
        shell: Shell::of(Section::Policy, principal),
        version: version.into(),
        is_hidden,
        changes,
        is_cut,
        text_is_cut: shown_text.len() < text.len(),
        text: shown_text.to_owned(),
    };
    shown(StatusCode::OK, &page)
}
