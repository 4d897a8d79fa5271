//! A request for a sanction, and what is decided about it.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::requests::Row;
use super::shell::{Section, Shell};
use super::{sentence, shown};
use crate::access::{Principal, Right};
use crate::api::reason::{may_say, must_say};
use crate::api::requests::refused;
use crate::app::App;
use crate::refusal::Refusal;
use crate::requests::RequestState;
use crate::store::Requests;

#[derive(Template)]
#[template(path = "request.html")]
struct Page {
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

/// `GET /requests/{request}`
pub(crate) async fn request(
    State(app): State<App>,
    principal: Principal,
    request: Result<Path<i64>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(request) = request.map_err(|error| Refusal::bad(error.body_text()))?;
    page(&app, principal, request, String::new(), None).await
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
    let done = decide(&app, &principal, request, &typed).await;
    done_or_again(&app, principal, request, typed, done).await
}

async fn decide(app: &App, principal: &Principal, request: i64, typed: &Typed) -> Result<(), Refusal> {
    let (reason, by) = (typed.reason(), principal.now());
    let done = match typed.decision.as_str() {
        "approve" => {
            let approved = app.store.approve_request(request, None, may_say(&reason)?, &by);
            approved.await.map(drop)
        }
        "refuse" => app.store.refuse_request(request, must_say(&reason)?, &by).await,
        _ => return Err(Refusal::bad("decision must be approve or refuse")),
    };
    done.map_err(refused)
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
    let done = withdraw(&app, &principal, request, &typed).await;
    done_or_again(&app, principal, request, typed, done).await
}

async fn withdraw(app: &App, principal: &Principal, request: i64, typed: &Typed) -> Result<(), Refusal> {
    let (reason, by) = (typed.reason(), principal.now());
    let done = app.store.withdraw_request(request, may_say(&reason)?, &by);
    done.await.map_err(refused)
}

impl Typed {
    /// Browsers send lines of a text apart by CR LF.
    fn reason(&self) -> String {
        self.reason.replace("\r\n", "\n")
    }
}

/// Leads to the request as it is now, or shows it again with what is wrong.
async fn done_or_again(
    app: &App,
    principal: Principal,
    request: i64,
    typed: Typed,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Err(refusal) if refusal.status().is_client_error() => {
            page(app, principal, request, typed.reason, Some(refusal)).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn page(
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
    let page = Page {
        row: Row::of(found, app.store.people()),
        form,
        shell: Shell::of(Section::Requests, principal),
    };
    shown(refusal.map_or(StatusCode::OK, |refusal| refusal.status()), &page)
}
