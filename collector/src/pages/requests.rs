//! What people ask to be sanctioned, and what became of it.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::asked::Asked;
use super::choice::Choice;
use super::format::Time;
use super::shell::{Section, Shell};
use super::{sentence, shown};
use crate::access::{Principal, Right};
use crate::api::before;
use crate::api::reason::{may_say, must_say};
use crate::api::requests::refused;
use crate::app::App;
use crate::names::People;
use crate::refusal::Refusal;
use crate::requests::RequestState;
use crate::store::{Request, Requests};

/// Requests on a page.
const ROWS: u16 = 50;

#[derive(Template)]
#[template(path = "requests.html")]
struct Page {
    shell: Shell,
    states: Vec<Choice>,
    /// The word of the state; `all`.
    state: &'static str,
    rows: Vec<Row>,
    next: Option<i64>,
    is_first: bool,
}

/// A request in words.
struct Row {
    id: i64,
    sanction: String,
    scope: String,
    data: String,
    reason: String,
    expires: Option<Time>,
    ticket: Option<String>,
    requester: String,
    created: Time,
    state: RequestState,
    settled: Option<(String, Time, String)>,
    policy: Option<u64>,
}

#[derive(Template)]
#[template(path = "request.html")]
struct One {
    shell: Shell,
    row: Row,
    form: Deciding,
}

/// Who may say what becomes of it.
enum Deciding {
    /// Nobody any more: it is settled.
    Settled,
    /// Whoever reads.
    By {
        csrf: String,
        /// Whether to approve or refuse; else whoever asked may withdraw.
        decides: bool,
        reason: String,
        /// What is wrong.
        message: String,
    },
    /// Somebody else: why.
    Not(&'static str),
}

/// What is typed about a request.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    /// The button: `approve` or `refuse`.
    #[serde(default)]
    decision: String,
    #[serde(default)]
    reason: String,
}

/// `?state=…&before=…`
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// A state or `all`; `pending`, when it is left out.
    state: Option<String>,
    before: Option<i64>,
}

/// `GET /requests`
pub(crate) async fn requests(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let state = match wanted.state.as_deref() {
        None => Some(RequestState::Pending),
        Some("all") => None,
        Some(word) => Some(RequestState::of(word).ok_or_else(|| {
            let words = RequestState::ALL.map(RequestState::as_str).join(", ");
            Refusal::bad(format!("there is no such state; there are all, {words}"))
        })?),
    };
    before(wanted.before)?;
    let which = Requests {
        state,
        before: wanted.before,
    };
    let found = app.store.requests(which, ROWS).await?;
    let is_full = found.len() == usize::from(ROWS);
    let page = Page {
        shell: Shell::of(Section::Requests, principal),
        states: Choice::all(&RequestState::ALL, state, |state| {
            (state.as_str(), state.as_str())
        }),
        state: state.map_or("all", RequestState::as_str),
        next: found.last().filter(|_| is_full).map(|last| last.id),
        rows: found
            .into_iter()
            .map(|request| Row::of(request, app.store.people()))
            .collect(),
        is_first: wanted.before.is_none(),
    };
    shown(StatusCode::OK, &page)
}

/// `GET /requests/{request}`
pub(crate) async fn request(
    State(app): State<App>,
    principal: Principal,
    request: Result<Path<i64>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(request) = request.map_err(|error| Refusal::bad(error.body_text()))?;
    one(&app, principal, request, String::new(), None).await
}

/// `POST /requests/{request}/decide`: by the page's form.
pub(crate) async fn decide_request(
    State(app): State<App>,
    principal: Principal,
    request: Result<Path<i64>, PathRejection>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Path(request) = request.map_err(|error| Refusal::bad(error.body_text()))?;
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    // Browsers send lines of a text apart by CR LF.
    let reason = typed.reason.replace("\r\n", "\n");
    let by = principal.now();
    let done = match typed.decision.as_str() {
        "approve" => match may_say(&reason) {
            Ok(why) => app.store.approve_request(request, None, why, &by).await.map(drop),
            Err(refusal) => return one(&app, principal, request, typed.reason, Some(refusal)).await,
        },
        "refuse" => match must_say(&reason) {
            Ok(why) => app.store.refuse_request(request, why, &by).await,
            Err(refusal) => return one(&app, principal, request, typed.reason, Some(refusal)).await,
        },
        _ => return Err(Refusal::bad("decision must be approve or refuse")),
    };
    done_or_again(&app, principal, request, typed.reason, done.map_err(refused)).await
}

/// `POST /requests/{request}/withdraw`: by the page's form.
pub(crate) async fn withdraw_request(
    State(app): State<App>,
    principal: Principal,
    request: Result<Path<i64>, PathRejection>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Path(request) = request.map_err(|error| Refusal::bad(error.body_text()))?;
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let reason = typed.reason.replace("\r\n", "\n");
    let done = match may_say(&reason) {
        Ok(why) => {
            let done = app.store.withdraw_request(request, why, &principal.now()).await;
            done.map_err(refused)
        }
        Err(refusal) => Err(refusal),
    };
    done_or_again(&app, principal, request, typed.reason, done).await
}

/// Leads to the request as it is now, or shows it again with what is wrong.
async fn done_or_again(
    app: &App,
    principal: Principal,
    request: i64,
    reason: String,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Err(refusal) if refusal.status().is_client_error() && refusal.status() != StatusCode::NOT_FOUND => {
            one(app, principal, request, reason, Some(refusal)).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn one(
    app: &App,
    principal: Principal,
    request: i64,
    reason: String,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let which = Requests {
        state: None,
        before: Some(request.max(0).saturating_add(1)),
    };
    let found = app.store.requests(which, 1).await?;
    let found = found.into_iter().next().filter(|found| found.id == request);
    let found = found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("there is no request {request}; /requests lists those that there are"),
        )
    })?;
    let decides = principal.may(Right::PolicyWrite);
    let is_theirs = found.requester == principal.actor && principal.may(Right::RequestsWrite);
    let form = match (&principal.csrf, found.state) {
        (_, state) if state != RequestState::Pending => Deciding::Settled,
        (None, _) => Deciding::Not("Programs decide by the API."),
        (Some(csrf), _) if decides || is_theirs => Deciding::By {
            csrf: csrf.clone(),
            decides,
            reason,
            message: refusal
                .as_ref()
                .map_or_else(String::new, |refusal| sentence(refusal.error())),
        },
        _ => Deciding::Not("You see requests and do not decide about them: that takes the role approver."),
    };
    let page = One {
        row: Row::of(found, app.store.people()),
        form,
        shell: Shell::of(Section::Requests, principal),
    };
    shown(refusal.map_or(StatusCode::OK, |refusal| refusal.status()), &page)
}

impl Row {
    /// As `people` are named to those who look.
    fn of(request: Request, people: &People) -> Self {
        let sanction = request.sanction;
        Self {
            id: request.id,
            scope: people.scope(sanction.scope).to_string(),
            data: sanction.data.map_or_else(|| "not said".to_owned(), String::from),
            sanction: sanction.id,
            reason: sanction.reason,
            expires: sanction.expires.map(Time::from),
            ticket: sanction.ticket,
            requester: request.requester,
            created: request.created.into(),
            state: request.state,
            settled: request
                .settled
                .map(|settled| (settled.actor, settled.time.into(), settled.reason)),
            policy: request.policy,
        }
    }
}
