//! The page: rendered here, refreshed by a few lines of script, styled by a sheet of our own.

mod format;
mod people;
mod view;

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::Share;
pub(crate) use people::{log_in, log_in_page, log_out, set_up, set_up_page};
use view::{Strip, View};

/// Rows on a page.
const ROWS: u16 = 100;

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    view: View,
    principal: Principal,
}

#[derive(Template)]
#[template(path = "inventory.html")]
struct Fragment {
    view: View,
}

/// `GET /`: the whole page.
pub(crate) async fn inventory(
    State(app): State<App>,
    principal: Principal,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Html<String>, Refusal> {
    let view = view(&app, principal.scope.clone(), query).await?;
    let page = Page { view, principal };
    page.render().map(Html).map_err(|error| failed(&error))
}

/// `GET /inventory`: the part of the page that changes; 304 while it does not.
pub(crate) async fn fragment(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let view = view(&app, principal.scope.clone(), query).await?;
    let html = Fragment { view }.render().map_err(|error| failed(&error))?;
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(([(header::ETAG, tag)], Html(html)).into_response())
}

async fn view(
    app: &App,
    scope: Scope,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<View, Refusal> {
    let QueryOf(query) = query.map_err(|error| Refusal::bad(error.body_text()))?;
    let now = Timestamp::now();
    let health = if scope.is_all() {
        Strip::of_all(&*app.sums.get().await?, app.alerts.is_some(), now)
    } else {
        let (health, presence) = app.store.health_seen(&scope, app.missing, now).await?;
        Strip::of_some(&health, &presence, now)
    };
    let policy = app.store.in_force().await?;
    let kind = match query.finding {
        Some(finding) if app.store.share_of_finding(finding, &scope).await? != Share::None => {
            app.store.finding_kind(finding).await?
        }
        _ => None,
    };
    let page = app.store.uses(&query.selection(scope)?, ROWS).await?;
    Ok(View {
        kind,
        ..View::new(&query, page, &policy, health, app, now)
    })
}

fn failed(error: &askama::Error) -> Refusal {
    tracing::error!("the page cannot be rendered: {error}");
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the collector failed; see its log",
    )
}

/// `GET /assets/page.css`
pub(crate) async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("../assets/page.css"))
}

/// `GET /assets/page.js`
pub(crate) async fn script() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../assets/page.js"),
    )
}

/// `GET /assets/icon.svg`
pub(crate) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("../assets/icon.svg"))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text,
    )
}

#[cfg(test)]
mod tests;
