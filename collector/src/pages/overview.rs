//! The first page: what is new, what is sent to whom, and whether the fleet is seen.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::findings::Row;
use super::first_day::{Agents, FirstDay};
use super::sent::Sent;
use super::shell::{Section, Shell};
use super::strip::{self, Strip};
use super::tagged::tagged;
use super::traffic::sent;
use crate::access::Principal;
use crate::api::findings::part;
use crate::app::App;
use crate::findings::{FindingState, Severity};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::FindingsAsked;
use crate::traffic::DAYS;

/// Findings that are shown.
const NEW: u16 = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    shell: Shell,
    strip: Strip,
    /// What to do while there is nothing.
    first_day: Option<FirstDay>,
    new: Vec<Row>,
    /// `None`: it is being added up for the first time.
    sent: Option<Sent>,
    /// Days of it.
    span: u16,
}

/// `GET /`: also of older addresses, a finding's and a search's, which lead on.
pub(crate) async fn overview(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    old: Result<QueryOf<Query>, QueryRejection>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    match (
        old.ok().and_then(|QueryOf(old)| old.finding),
        raw.filter(|raw| !raw.is_empty()),
    ) {
        (Some(finding), _) => return Ok(Redirect::to(&format!("/findings/{finding}")).into_response()),
        (None, Some(raw)) => return Ok(Redirect::to(&format!("/inventory?{raw}")).into_response()),
        (None, None) => {}
    }
    let now = Timestamp::now();
    let strip = Strip::seen(&app, &principal.scope, now).await?;
    let traffic = sent(&app, &principal.scope, now).await?;
    let new = new(&app, &principal, now).await?;
    let is_nothing = traffic.as_ref().is_some_and(|traffic| traffic.vendors.is_empty());
    let first_day = if is_nothing && new.is_empty() && strip.findings == "0" {
        Some(FirstDay::of(&app, &principal.scope, &strip).await?)
    } else {
        None
    };
    let page = Page {
        first_day,
        new,
        sent: traffic.map(|traffic| Sent::by_callers(&traffic, now)),
        span: DAYS,
        strip,
        shell: Shell::of(Section::Overview, principal),
    };
    tagged(&headers, &page)
}

/// Open findings, those first that are against a decision.
async fn new(app: &App, principal: &Principal, now: Timestamp) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    for severity in [Severity::High, Severity::Medium] {
        let asked = FindingsAsked {
            state: Some(FindingState::Open),
            severity: Some(severity),
            ..FindingsAsked::default()
        };
        let (found, _) = part(app, principal, asked, NEW).await?;
        rows.extend(found.iter().map(|finding| Row::of(finding, now)));
    }
    rows.truncate(usize::from(NEW));
    Ok(rows)
}
