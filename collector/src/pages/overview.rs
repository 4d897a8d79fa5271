//! The first page: what is new, what is sent to whom, and whether the fleet is seen.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::findings::Row;
use super::format::{bytes, thousands};
use super::shell::{Section, Shell};
use super::shown;
use super::strip::{self, Strip};
use super::traffic::{days, sent};
use super::{chart, vendor};
use crate::access::Principal;
use crate::api::findings::part;
use crate::app::App;
use crate::findings::{FindingState, Severity};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::{FindingsAsked, VendorTraffic};

/// Findings that are shown.
const NEW: u16 = 5;
/// Vendors that are shown.
const SHOWN: usize = 50;
/// Vendors that have a colour; the rest is one part.
const PARTS: usize = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    shell: Shell,
    strip: Strip,
    address: String,
    new: Vec<Row>,
    /// An SVG picture, made of numbers and dates alone; `None`: nothing was sent.
    chart: Option<String>,
    vendors: Vec<Vendor>,
    /// The days as the head of the table shows them.
    days: Vec<String>,
}

/// A vendor's row.
struct Vendor {
    name: String,
    /// Its colour's number in the style sheet.
    part: usize,
    /// Its page.
    href: String,
    callers: String,
    sum: String,
    exact: String,
    days: Vec<String>,
}

/// `GET /`: also of older addresses, a finding's and a search's, which lead on.
pub(crate) async fn overview(
    State(app): State<App>,
    principal: Principal,
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
    let traffic = sent(&app, &principal.scope, strip.time.is_some(), now).await?;
    let days = days(now);
    let page = Page {
        new: new(&app, &principal, now).await?,
        chart: chart::drawn(&stacked(&traffic), &days),
        vendors: traffic
            .iter()
            .take(SHOWN)
            .enumerate()
            .map(|(place, of)| Vendor::of(place, of))
            .collect(),
        days: days.iter().map(|day| day.strftime("%m-%d").to_string()).collect(),
        address: app.page.as_str().trim_end_matches('/').to_owned(),
        strip,
        shell: Shell::of(Section::Overview, principal),
    };
    shown(StatusCode::OK, &page)
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

/// Bytes by part and day: vendors with a colour, and the rest as one.
fn stacked(traffic: &[VendorTraffic]) -> Vec<Vec<u64>> {
    let mut parts: Vec<Vec<u64>> = traffic.iter().take(PARTS).map(|of| of.days.clone()).collect();
    if let Some((first, others)) = traffic.get(PARTS..).and_then(<[_]>::split_first) {
        let add = |sum: Vec<u64>, of: &VendorTraffic| {
            let pairs = sum.iter().zip(&of.days);
            pairs
                .map(|(sum, day)| sum.saturating_add(*day))
                .collect::<Vec<u64>>()
        };
        parts.push(others.iter().fold(first.days.clone(), add));
    }
    parts
}

impl Vendor {
    fn of(place: usize, of: &VendorTraffic) -> Self {
        Self {
            name: of.vendor.clone(),
            part: place.min(PARTS),
            href: vendor::address(&of.vendor),
            callers: thousands(of.callers),
            sum: bytes(of.sum()),
            exact: format!("{} bytes", thousands(of.sum())),
            days: of.days.iter().map(|day| bytes(*day)).collect(),
        }
    }
}
