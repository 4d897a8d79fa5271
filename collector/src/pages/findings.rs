//! What deserves a person: the list, one with what it was raised for, and what people do about it.

mod facts;
mod many;
mod view;

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::asked::Asked;
use super::choice::Choice;
use super::shell::{Section, Shell};
use super::{sentence, shown};
use crate::access::{Principal, Right};
use crate::api::finding_state::{NewState, put};
use crate::api::findings::part;
use crate::app::App;
use crate::findings::{FindingKind, FindingState, Severity};
use crate::refusal::Refusal;
use crate::store::{Finding, FindingsAsked, Share};
use many::Many;
pub(crate) use many::set_findings_state;
pub(super) use view::Row;
use view::{Filter, One, state_word};

/// Findings on a page.
const ROWS: u16 = 50;

#[derive(Template)]
#[template(path = "findings.html")]
struct List {
    shell: Shell,
    filter: Filter,
    rows: Vec<Row>,
    /// Query of the next page.
    next: Option<String>,
    /// Query of the first page, on others.
    newest: Option<String>,
    /// The address of this page, and the form for those that are chosen on it.
    here: String,
    many: Option<Many>,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct Page {
    shell: Shell,
    one: One,
    form: Deciding,
}

/// Who may say what becomes of it.
enum Deciding {
    /// Whoever reads, by this form.
    By(StateForm),
    /// Somebody else: why.
    Not(&'static str),
}

/// The form with what was typed.
struct StateForm {
    csrf: String,
    states: Vec<Choice>,
    until: String,
    reason: String,
    /// What is wrong.
    message: String,
}

/// `?state=…&severity=…&kind=…&host=…&before=…`
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// A state or `all`; `open`, when it is left out.
    state: Option<String>,
    severity: Option<Severity>,
    kind: Option<FindingKind>,
    host: Option<String>,
    before: Option<i64>,
}

/// What is typed about a finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    state: FindingState,
    #[serde(default)]
    reason: String,
    /// A day, for a snooze: it ends as that day begins (UTC).
    #[serde(default)]
    until: String,
}

impl StateForm {
    fn of(csrf: String, typed: Typed, message: String) -> Self {
        Self {
            csrf,
            states: Choice::all(&FindingState::ALL, Some(typed.state), |state| {
                (state.as_str(), state_word(state))
            }),
            until: typed.until,
            reason: typed.reason,
            message,
        }
    }
}

impl Wanted {
    /// The list's own address.
    fn address(&self) -> Result<String, Refusal> {
        Ok(Filter::of(self, self.state()?).address(self.before))
    }

    fn state(&self) -> Result<Option<FindingState>, Refusal> {
        match self.state.as_deref() {
            None => Ok(Some(FindingState::Open)),
            Some("all") => Ok(None),
            Some(word) => FindingState::of(word).map(Some).ok_or_else(|| {
                let words = FindingState::ALL.map(FindingState::as_str).join(", ");
                Refusal::bad(format!("there is no such state; there are all, {words}"))
            }),
        }
    }
}

impl Typed {
    fn new_state(&self) -> Result<NewState, Refusal> {
        // Browsers send lines of a text apart by CR LF.
        let reason = self.reason.replace("\r\n", "\n");
        Ok(NewState::new(self.state, reason, self.until()?))
    }

    fn until(&self) -> Result<Option<Timestamp>, Refusal> {
        if self.until.is_empty() || self.state != FindingState::Snoozed {
            return Ok(None);
        }
        let day = self.until.parse::<Date>().ok();
        day.and_then(|day| day.to_zoned(TimeZone::UTC).ok())
            .map(|begin| Some(begin.timestamp()))
            .ok_or_else(|| Refusal::bad("the day until which it is snoozed is not one such as 2026-12-31"))
    }
}

/// `GET /findings`
pub(crate) async fn findings(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    list(&app, principal, wanted, None).await
}

/// The list, after a state could not be set as it was typed.
async fn list(
    app: &App,
    principal: Principal,
    wanted: Wanted,
    refused: Option<(BTreeSet<i64>, Typed, Refusal)>,
) -> Result<Response, Refusal> {
    let status = refused
        .as_ref()
        .map_or(StatusCode::OK, |(.., refusal)| refusal.status());
    let state = wanted.state()?;
    let asked = FindingsAsked {
        state,
        kind: wanted.kind,
        severity: wanted.severity,
        host: wanted.host.as_deref(),
        before: wanted.before,
    };
    let (found, next) = part(app, &principal, asked, ROWS).await?;
    let now = Timestamp::now();
    let filter = Filter::of(&wanted, state);
    let page = List {
        next: next.map(|next| filter.address(Some(next))),
        newest: wanted.before.map(|_| filter.address(None)),
        rows: found.iter().map(|finding| Row::of(finding, now)).collect(),
        here: filter.address(wanted.before),
        many: Many::of(&principal, refused),
        filter,
        shell: Shell::of(Section::Findings, principal),
    };
    shown(status, &page)
}

/// `GET /findings/{finding}`
pub(crate) async fn finding(
    State(app): State<App>,
    principal: Principal,
    finding: Result<Path<i64>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(finding) = finding.map_err(|error| Refusal::bad(error.body_text()))?;
    let found = one(&app, &principal, finding).await?;
    let typed = Typed {
        state: found.state,
        reason: String::new(),
        until: String::new(),
    };
    page(&app, principal, &found, typed, String::new()).await
}

/// `POST /findings/{finding}/state`: by the page's form.
pub(crate) async fn set_finding_state(
    State(app): State<App>,
    principal: Principal,
    finding: Result<Path<i64>, PathRejection>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Path(finding) = finding.map_err(|error| Refusal::bad(error.body_text()))?;
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let done = match typed.new_state() {
        Ok(new) => put(&app, &principal, &[finding].into(), &new).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/findings/{finding}")).into_response()),
        Err(refusal) if refusal.status() == StatusCode::BAD_REQUEST => {
            let found = one(&app, &principal, finding).await?;
            page(&app, principal, &found, typed, sentence(refusal.error())).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// A finding, if it is there for who asks.
async fn one(app: &App, principal: &Principal, finding: i64) -> Result<Finding, Refusal> {
    let asked = FindingsAsked {
        before: Some(finding.max(0).saturating_add(1)),
        ..FindingsAsked::default()
    };
    let (found, _) = part(app, principal, asked, 1).await?;
    let found = found.into_iter().next().filter(|found| found.id == finding);
    found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("there is no finding {finding}")))
}

async fn page(
    app: &App,
    principal: Principal,
    found: &Finding,
    typed: Typed,
    message: String,
) -> Result<Response, Refusal> {
    let form = if !principal.may(Right::FindingsWrite) {
        Deciding::Not("You see findings and do not decide about them: that takes the role analyst.")
    } else if app.store.share_of_finding(found.id, &principal.scope).await? != Share::Whole {
        Deciding::Not(
            "It is about hosts, too, that you do not see, and a state is for all of them: ask somebody who sees all.",
        )
    } else if let Some(csrf) = principal.csrf.clone() {
        Deciding::By(StateForm::of(csrf, typed, message.clone()))
    } else {
        Deciding::Not("Programs set states by the API.")
    };
    let status = if message.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let page = Page {
        one: One::of(found, Timestamp::now()),
        form,
        shell: Shell::of(Section::Findings, principal),
    };
    shown(status, &page)
}
