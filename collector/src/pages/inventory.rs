//! Who used what: the page, and the part of it that changes.

mod filter;
mod view;
mod views;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;

use super::asked::Asked;
use super::first_day::{Agents, FirstDay};
use super::shell::{Section, Shell};
use super::shown;
use super::strip::{self, Strip};
use super::tagged::tagged;
use crate::access::{Principal, Right};
use crate::app::App;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::Share;
use view::{View, words};
use views::{Refused, Views};
pub(crate) use views::{change_view, save_view};

/// Rows on a page: with long names, its style and its script it is below 100 KiB.
const ROWS: u16 = 30;

#[derive(Template)]
#[template(path = "inventory.html")]
struct Page {
    shell: Shell,
    view: View,
    views: Views,
}

#[derive(Template)]
#[template(path = "rows.html")]
struct Fragment {
    view: View,
}

/// `GET /inventory`: the whole page.
pub(crate) async fn inventory(
    State(app): State<App>,
    principal: Principal,
    Asked(query): Asked<Query>,
) -> Result<Response, Refusal> {
    page(&app, principal, query, None).await
}

/// The page, after a form on it could not be done as it was typed.
async fn page(
    app: &App,
    principal: Principal,
    query: Query,
    refused: Option<Refused>,
) -> Result<Response, Refusal> {
    let views = Views::of(app, &principal, &query, refused.as_ref()).await?;
    let view = view(app, &principal, query).await?;
    let shell = Shell::of(Section::Inventory, principal);
    let status = refused.map_or(StatusCode::OK, |(_, refusal)| refusal.status());
    shown(status, &Page { shell, view, views })
}

/// `GET /inventory/rows`: the part of the page that changes; 304 while it does not.
pub(crate) async fn rows(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Asked(query): Asked<Query>,
) -> Result<Response, Refusal> {
    let view = view(&app, &principal, query).await?;
    tagged(&headers, &Fragment { view })
}

async fn view(app: &App, principal: &Principal, query: Query) -> Result<View, Refusal> {
    let (now, scope) = (Timestamp::now(), principal.scope.clone());
    let health = Strip::seen(app, &scope, now).await?;
    let policy = app.store.in_force().await?;
    let kind = match query.finding {
        Some(finding) if app.store.share_of_finding(finding, &scope).await? != Share::None => {
            app.store.finding_kind(finding).await?
        }
        _ => None,
    };
    let page = query.rows(&app.store, &policy, scope.clone(), ROWS, now).await?;
    let view = View::new(&query, page, &policy, health, now);
    let first_day = if view.is_all() && view.rows.is_empty() {
        Some(FirstDay::of(app, &scope, &view.health).await?)
    } else {
        None
    };
    let may_decide = principal.csrf.is_some() && principal.may(Right::RequestsWrite);
    Ok(View {
        kind,
        decide: may_decide.then_some("/decide"),
        first_day,
        ..view
    })
}

#[cfg(test)]
mod tests;
