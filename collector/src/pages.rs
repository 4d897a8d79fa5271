//! The pages: rendered here, styled by a sheet of our own, readable without script.

mod account;
mod address;
mod ask;
pub(crate) mod asked;
mod audit;
mod caller;
mod chart;
mod choice;
mod decide;
mod fact;
mod findings;
mod first_day;
mod format;
mod host;
mod inventory;
mod live;
mod overview;
mod people;
mod policy;
mod refused;
mod request;
mod requests;
mod row;
mod sent;
pub(crate) mod settings;
mod shell;
mod strip;
mod tagged;
mod terms;
mod traffic;
mod user;
mod vendor;

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::refusal::Refusal;
pub(crate) use account::{account, change_account_password};
pub(crate) use address::address;
pub(crate) use ask::ask;
pub(crate) use audit::audit;
pub(crate) use caller::caller;
pub(crate) use decide::{decide, decide_on_chosen};
pub(crate) use findings::{finding, findings, set_finding_state, set_findings_state};
pub(crate) use host::{host, label_host};
pub(crate) use inventory::{change_view, inventory, rows, save_view};
pub(crate) use live::{Line, events, live};
pub(crate) use overview::overview;
pub(crate) use people::{log_in, log_in_page, log_out, set_up, set_up_page};
pub(crate) use policy::{draft, policies, policy, try_draft};
pub(crate) use refused::dress;
pub(crate) use request::{decide_request, request, withdraw_request};
pub(crate) use requests::requests;
pub(crate) use user::user;
pub(crate) use vendor::vendor;

fn shown(status: StatusCode, page: &impl Template) -> Result<Response, Refusal> {
    let html = page.render().map_err(|error| failed(&error))?;
    Ok((status, Html(html)).into_response())
}

fn failed(error: &askama::Error) -> Refusal {
    tracing::error!("the page cannot be rendered: {error}");
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the collector failed; see its log",
    )
}

/// An error as a sentence of the page.
fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
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

/// `GET /assets/copy.js`
pub(crate) async fn copy_script() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../assets/copy.js"),
    )
}

/// `GET /assets/live.js`
pub(crate) async fn live_script() -> impl IntoResponse {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../assets/live.js"),
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
