//! What comes in, as it comes: the page, and the events that its script listens to.

mod filter;
mod line;
mod stream;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::asked::Asked;
use super::shell::{Section, Shell};
use super::shown;
use crate::access::Principal;
use crate::access::table::EVENTS;
use crate::app::App;
use crate::refusal::Refusal;
use filter::{Filter, Wanted};
pub(crate) use line::Line;
use stream::Stream;

/// Lines of the page as it comes.
const LINES: u16 = 30;
/// Lines that its script keeps, and that a stream begins with at most.
const MOST: u16 = 200;
/// The newest activities that are looked through for those that are wanted.
const LOOKED_AT: u16 = 1000;
/// Where the script goes on that was cut off.
const LAST: &str = "last-event-id";
/// At least so often something is sent, so that neither end takes the other for gone.
const ALIVE: std::time::Duration = std::time::Duration::from_secs(15);

#[derive(Template)]
#[template(path = "live.html")]
struct Page {
    shell: Shell,
    filter: Wanted,
    lines: Vec<Line>,
    /// The page's own address.
    address: String,
    /// What its script listens to.
    events: String,
    most: u16,
}

/// `GET /live`
pub(crate) async fn live(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let filter = Filter::of(&wanted);
    // With nothing to pass over, no more are read than are shown.
    let most = if wanted.is_empty() { LINES } else { LOOKED_AT };
    let newest = app.store.last_activities(&principal.scope, 0, most).await?;
    let after = newest.first().map_or(0, |newest| newest.id);
    let (policy, now) = (app.store.in_force().await?, Timestamp::now());
    let lines = newest
        .into_iter()
        .map(|activity| Line::of(activity, &policy, now));
    let page = Page {
        lines: lines
            .filter(|line| filter.takes(line))
            .take(usize::from(LINES))
            .collect(),
        address: wanted.address("/live", None),
        events: wanted.address(EVENTS, Some(after)),
        most: MOST,
        filter: wanted,
        shell: Shell::of(Section::Live, principal),
    };
    shown(StatusCode::OK, &page)
}

/// `GET /live/events`: rows of the page's table as server-sent events, from the one after `after` or `Last-Event-ID` on.
pub(crate) async fn events(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let last = headers
        .get(LAST)
        .and_then(|last| last.to_str().ok()?.parse().ok());
    let watcher = app.live.watch().await?;
    let watcher = watcher.map_err(|full| Refusal::later(full.to_string(), stream::FULL))?;
    // After it watches, so that nothing is between the two.
    let missed = match last.or(wanted.after) {
        Some(after) => {
            app.store
                .last_activities(&principal.scope, after, LOOKED_AT)
                .await?
        }
        None => Vec::new(),
    };
    let (policy, now) = (app.store.in_force().await?, Timestamp::now());
    let missed = missed
        .into_iter()
        .map(|activity| Line::of(activity, &policy, now));
    // Twice in the time that a connection may be silent.
    let alive = ALIVE.min(app.limits.idle / 3);
    let stream = Stream::of(&app, principal, &headers, Filter::of(&wanted), watcher).after(missed);
    let answer = Sse::new(stream.events()).keep_alive(KeepAlive::new().interval(alive));
    // A reverse proxy that collects answers would hold events back.
    let unbuffered = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(([unbuffered], answer).into_response())
}
