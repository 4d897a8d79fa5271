//! Where alerts go, how each route does, and a test of one.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Frame, Part};
use crate::access::Principal;
use crate::api::route_test::{self, RouteTested, TestOutcome};
use crate::app::App;
use crate::pages::format::{Time, thousands};
use crate::pages::shell::{Section, Shell};
use crate::pages::shown;
use crate::refusal::Refusal;
use crate::store::RouteState;

/// Routes on a page: a collector has 32 at most, and others of the same store may have others.
const ROUTES: usize = 100;
/// Characters of an error that are shown.
const ERROR: usize = 300;

#[derive(Template)]
#[template(path = "settings/routes.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    /// The test that was just made.
    tested: Option<Tested>,
    rows: Vec<Row>,
}

/// A test, in words.
struct Tested {
    is_good: bool,
    /// What became of it.
    words: String,
    /// What the receiver answered, or what went wrong.
    said: String,
}

/// A route in words.
struct Row {
    name: String,
    kind: String,
    place: String,
    takes: String,
    removed: Option<Time>,
    /// Since when it takes nothing, and why.
    failing: Option<(Option<Time>, String)>,
    last_sent: Option<Time>,
    pending: String,
    waits_since: Option<Time>,
    refused: u64,
    omitted: u64,
    /// Whether this collector can try it.
    is_here: bool,
}

/// Which route is to be tried.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    route: String,
}

impl From<RouteTested> for Tested {
    fn from(tested: RouteTested) -> Self {
        let name = &tested.route;
        let (is_good, words) = match tested.outcome {
            TestOutcome::Delivered => (true, format!("{name} took the test.")),
            TestOutcome::Retry => (
                false,
                format!("{name} did not take the test. An alert would be tried again."),
            ),
            TestOutcome::Refused => (
                false,
                format!("{name} refused the test. An alert would be given up until the next start."),
            ),
        };
        Self {
            is_good,
            words,
            said: tested.said,
        }
    }
}

impl Row {
    fn of(state: RouteState, app: &App) -> Self {
        let failing_since = state.failing_since.map(Time::from);
        let error = |error: String| (failing_since, error.chars().take(ERROR).collect());
        Self {
            is_here: app.targets.contains_key(&state.name),
            name: state.name,
            kind: state.settings.kind,
            place: state.settings.place,
            takes: state.settings.filter.to_string(),
            removed: state.removed.map(Time::from),
            failing: state.error.map(error),
            last_sent: state.last_sent.map(Time::from),
            pending: thousands(state.pending),
            waits_since: state.waits_since.map(Time::from),
            refused: state.refused,
            omitted: state.omitted,
        }
    }
}

/// `GET /settings/routes`
pub(crate) async fn page(State(app): State<App>, principal: Principal) -> Result<Response, Refusal> {
    of(&app, principal, None).await
}

/// `POST /settings/routes`: tries one. The answer is what came back, which nothing keeps.
pub(crate) async fn attempt(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Which>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(which) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let tested = route_test::attempt(&app, &principal, which.route).await?;
    of(&app, principal, Some(tested.into())).await
}

async fn of(app: &App, principal: Principal, tested: Option<Tested>) -> Result<Response, Refusal> {
    let routes = app.store.routes().await?;
    let page = Page {
        frame: Frame::of(Part::Routes, &principal, None),
        shell: Shell::of(Section::Settings, principal),
        tested,
        rows: routes
            .into_iter()
            .take(ROUTES)
            .map(|state| Row::of(state, app))
            .collect(),
    };
    shown(StatusCode::OK, &page)
}
