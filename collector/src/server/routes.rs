use std::sync::Arc;

use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Router, middleware};
use utoipa_axum::routes;

use super::document;
use super::guard::{self, Guard};
use super::whole;
use crate::access::door::{self, Door};
use crate::access::table::Table;
use crate::app::App;
use crate::pages::settings;
use crate::refusal::Refusal;
use crate::{api, ingest, pages, verdicts};

/// Every address that the collector answers people and programs of this machine.
pub(super) fn router(app: App, guard: Guard) -> Router {
    let within = app.limits.body;
    let api = document::begun()
        .routes(routes!(ingest::reports))
        .routes(routes!(verdicts::verdicts))
        .routes(routes!(api::inventory))
        .routes(routes!(api::agents))
        .routes(routes!(api::views::views))
        .routes(routes!(api::views::save_view, api::views::delete_view))
        .routes(routes!(api::set_labels))
        .routes(routes!(api::enrolment_tokens, api::create_enrolment_token))
        .routes(routes!(api::revoke_enrolment_token))
        .routes(routes!(api::audit))
        .routes(routes!(api::verify_audit))
        .routes(routes!(api::findings))
        .routes(routes!(api::set_state))
        .routes(routes!(api::policy, api::apply))
        .routes(routes!(api::plan))
        .routes(routes!(api::policy_versions))
        .routes(routes!(api::routes))
        .routes(routes!(api::test_route))
        .routes(routes!(api::requests, api::create_request))
        .routes(routes!(api::create_requests))
        .routes(routes!(api::approve))
        .routes(routes!(api::refuse))
        .routes(routes!(api::withdraw))
        .routes(routes!(api::questions))
        .routes(routes!(api::users_of_vendor))
        .routes(routes!(api::bytes_out))
        .routes(routes!(api::decisions))
        .routes(routes!(api::spikes))
        .routes(routes!(api::reveal))
        .routes(routes!(api::erase))
        .routes(routes!(api::me))
        .routes(routes!(api::change_password))
        .routes(routes!(api::accounts, api::create_account))
        .routes(routes!(api::change_account))
        .routes(routes!(api::api_tokens, api::create_api_token))
        .routes(routes!(api::revoke_api_token))
        .routes(routes!(api::healthz))
        .routes(routes!(api::metrics));
    let mut table = Table::default();
    let routes = document::described(api, |document| {
        table = Table::of(document, app.open_metrics);
    });
    let door = Door {
        store: Arc::clone(&app.store),
        table: Arc::new(table),
        page: app.page.clone(),
        secure: app.secure,
    };
    with_pages(routes)
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(door, door::stand))
        .layer(middleware::from_fn(pages::dress))
        .layer(middleware::from_fn_with_state(within, whole::bodies))
        .layer(middleware::from_fn_with_state(guard, guard::stand))
        .with_state(app)
}

/// The pages, which are not in the API's description.
fn with_pages(routes: Router<App>) -> Router<App> {
    routes
        .route("/", get(pages::overview))
        .route("/inventory", get(pages::inventory))
        .route("/inventory/rows", get(pages::rows))
        .route("/inventory/views", post(pages::save_view))
        .route("/inventory/views/change", post(pages::change_view))
        .route("/live", get(pages::live))
        .route("/live/events", get(pages::events))
        .route("/vendors/{vendor}", get(pages::vendor))
        .route("/callers/{caller}", get(pages::caller))
        .route("/callers/{caller}/request", post(pages::ask))
        .route("/decide", get(pages::decide).post(pages::decide_on_chosen))
        .route("/hosts/{agent}", get(pages::host))
        .route("/hosts/{agent}/labels", post(pages::label_host))
        .route("/users/{user}", get(pages::user))
        .route("/requests", get(pages::requests))
        .route("/requests/{request}", get(pages::request))
        .route("/requests/{request}/decide", post(pages::decide_request))
        .route("/requests/{request}/withdraw", post(pages::withdraw_request))
        .route("/policy", get(pages::policies))
        .route("/policy/draft", get(pages::draft).post(pages::try_draft))
        .route("/policy/{version}", get(pages::policy))
        .route("/audit", get(pages::audit))
        .route("/findings", get(pages::findings))
        .route("/findings/state", post(pages::set_findings_state))
        .route("/findings/{finding}", get(pages::finding))
        .route("/findings/{finding}/state", post(pages::set_finding_state))
        .route(
            "/settings",
            get(settings::enrolment::page).post(settings::enrolment::create),
        )
        .route(
            "/settings/enrolment-tokens/{id}/revoke",
            post(settings::enrolment::revoke),
        )
        .route(
            "/settings/routes",
            get(settings::routes::page).post(settings::routes::attempt),
        )
        .route(
            "/settings/people",
            get(settings::people::page).post(settings::people::create),
        )
        .route(
            "/settings/people/{name}",
            get(settings::account::page).post(settings::account::change),
        )
        .route(
            "/settings/api-tokens",
            get(settings::tokens::page).post(settings::tokens::create),
        )
        .route("/settings/api-tokens/{id}/revoke", post(settings::tokens::revoke))
        .route(
            "/settings/erase",
            get(settings::erase::page).post(settings::erase::erase),
        )
        .route("/settings/catalogue", get(settings::catalogue::page))
        .route("/login", get(pages::log_in_page).post(pages::log_in))
        .route(
            "/account",
            get(pages::account).post(pages::change_account_password),
        )
        .route("/logout", post(pages::log_out))
        .route("/setup", get(pages::set_up_page).post(pages::set_up))
        .route("/assets/page.css", get(pages::style))
        .route("/assets/page.js", get(pages::script))
        .route("/assets/copy.js", get(pages::copy_script))
        .route("/assets/live.js", get(pages::live_script))
        .route("/assets/icon.svg", get(pages::icon))
}

pub(super) async fn missing(uri: Uri) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}", uri.path()),
    )
}

pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address does not take this method",
    )
}
