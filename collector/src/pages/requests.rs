//! What people ask to be sanctioned, and what became of it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::asked::Asked;
use super::choice::Choice;
use super::format::Time;
use super::shell::{Section, Shell};
use super::shown;
use crate::access::Principal;
use crate::api::before;
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
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) sanction: String,
    pub(super) scope: String,
    pub(super) data: String,
    pub(super) reason: String,
    pub(super) expires: Option<Time>,
    pub(super) ticket: Option<String>,
    pub(super) requester: String,
    pub(super) created: Time,
    pub(super) state: RequestState,
    pub(super) settled: Option<(String, Time, String)>,
    pub(super) policy: Option<u64>,
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

impl Row {
    /// As `people` are named to those who look.
    pub(super) fn of(request: Request, people: &People) -> Self {
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
