//! What each route asks for: read of the API's description, and said here for what is not in it.
//!
//! A route that says nothing is not there: it answers as if it did not take the method, and a test fails.

use std::collections::{BTreeMap, HashMap};

use axum::http::Method;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};

use super::Right;

/// The schemes of the description.
const TOKEN: &str = "token";
const SESSION: &str = "session";

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: anybody may.
    Nothing,
    /// Somebody, whoever it is.
    Somebody,
    /// Somebody with this right.
    Right(Right),
}

/// Pages and their parts.
pub(crate) const PAGES: [(Method, &str, Need); 58] = [
    (Method::GET, "/", Need::Right(Right::InventoryRead)),
    (Method::GET, "/inventory", Need::Right(Right::InventoryRead)),
    (Method::GET, ROWS, Need::Right(Right::InventoryRead)),
    (
        Method::POST,
        "/inventory/views",
        Need::Right(Right::InventoryRead),
    ),
    (
        Method::POST,
        "/inventory/views/change",
        Need::Right(Right::InventoryRead),
    ),
    (Method::GET, "/live", Need::Right(Right::InventoryRead)),
    (Method::GET, EVENTS, Need::Right(Right::InventoryRead)),
    (
        Method::GET,
        "/vendors/{vendor}",
        Need::Right(Right::InventoryRead),
    ),
    (
        Method::GET,
        "/callers/{caller}",
        Need::Right(Right::InventoryRead),
    ),
    (
        Method::POST,
        "/callers/{caller}/request",
        Need::Right(Right::RequestsWrite),
    ),
    (Method::GET, "/decide", Need::Right(Right::RequestsWrite)),
    (Method::POST, "/decide", Need::Right(Right::RequestsWrite)),
    (Method::GET, "/hosts/{agent}", Need::Right(Right::InventoryRead)),
    (Method::POST, "/hosts/{agent}/labels", Need::Right(Right::Admin)),
    (Method::GET, "/users/{user}", Need::Right(Right::InventoryRead)),
    (Method::GET, "/requests", Need::Right(Right::AuditRead)),
    (Method::GET, "/requests/{request}", Need::Right(Right::AuditRead)),
    (
        Method::POST,
        "/requests/{request}/decide",
        Need::Right(Right::PolicyWrite),
    ),
    (
        Method::POST,
        "/requests/{request}/withdraw",
        Need::Right(Right::RequestsWrite),
    ),
    (Method::GET, "/policy/draft", Need::Right(Right::PolicyWrite)),
    (Method::POST, "/policy/draft", Need::Right(Right::PolicyWrite)),
    (Method::GET, "/policy", Need::Right(Right::InventoryRead)),
    (
        Method::GET,
        "/policy/{version}",
        Need::Right(Right::InventoryRead),
    ),
    (Method::GET, "/audit", Need::Right(Right::AuditRead)),
    (Method::GET, "/findings", Need::Right(Right::InventoryRead)),
    (Method::POST, "/findings/state", Need::Right(Right::FindingsWrite)),
    (
        Method::GET,
        "/findings/{finding}",
        Need::Right(Right::InventoryRead),
    ),
    (
        Method::POST,
        "/findings/{finding}/state",
        Need::Right(Right::FindingsWrite),
    ),
    (Method::GET, "/settings", Need::Right(Right::Admin)),
    (Method::POST, "/settings", Need::Right(Right::Admin)),
    (
        Method::POST,
        "/settings/enrolment-tokens/{id}/revoke",
        Need::Right(Right::Admin),
    ),
    (Method::GET, "/settings/routes", Need::Right(Right::Admin)),
    (Method::POST, "/settings/routes", Need::Right(Right::Admin)),
    (Method::GET, "/settings/people", Need::Right(Right::Admin)),
    (Method::POST, "/settings/people", Need::Right(Right::Admin)),
    (Method::GET, "/settings/people/{name}", Need::Right(Right::Admin)),
    (Method::POST, "/settings/people/{name}", Need::Right(Right::Admin)),
    (Method::GET, "/settings/api-tokens", Need::Right(Right::Admin)),
    (Method::POST, "/settings/api-tokens", Need::Right(Right::Admin)),
    (
        Method::POST,
        "/settings/api-tokens/{id}/revoke",
        Need::Right(Right::Admin),
    ),
    (Method::GET, "/settings/erase", Need::Right(Right::Admin)),
    (Method::POST, "/settings/erase", Need::Right(Right::Admin)),
    (Method::GET, "/settings/catalogue", Need::Right(Right::Admin)),
    (Method::GET, "/login", Need::Nothing),
    (Method::POST, "/login", Need::Nothing),
    (Method::GET, "/account", Need::Somebody),
    (Method::POST, "/account", Need::Somebody),
    (Method::POST, "/logout", Need::Somebody),
    (Method::GET, "/setup", Need::Nothing),
    (Method::POST, "/setup", Need::Nothing),
    (Method::GET, "/assets/page.css", Need::Nothing),
    (Method::GET, "/assets/page.js", Need::Nothing),
    (Method::GET, "/assets/copy.js", Need::Nothing),
    (Method::GET, "/assets/live.js", Need::Nothing),
    (Method::GET, "/assets/icon.svg", Need::Nothing),
    // How to ask; nothing of what is known.
    (Method::GET, "/v1/openapi.json", Need::Nothing),
    // Agents of this machine, which have no certificate.
    (Method::POST, REPORTS, Need::Nothing),
    (Method::POST, VERDICTS, Need::Nothing),
];

/// The part of the inventory's page that its script asks for.
pub(crate) const ROWS: &str = "/inventory/rows";

/// What the script of the live page listens to.
pub(crate) const EVENTS: &str = "/live/events";

/// Whether people open this address: who is not logged in is led to the log-in.
pub(crate) fn is_page(method: &Method, path: &str) -> bool {
    let mut pages = PAGES.iter().filter(|(_, page, _)| ![ROWS, EVENTS].contains(page));
    *method == Method::GET
        && pages.any(|(taken, page, need)| taken == method && *page == path && *need != Need::Nothing)
}

/// Where agents report.
pub(crate) const REPORTS: &str = "/v1/reports";

/// Where they ask what the policy says.
pub(crate) const VERDICTS: &str = "/v1/verdicts";

/// Needs by path and method.
#[derive(Debug, Default)]
pub(crate) struct Table(HashMap<String, BTreeMap<String, Need>>);

impl Table {
    /// Reads what operations ask for, and completes their description by what follows of that.
    ///
    /// `open_metrics` has anybody read `/metrics`.
    pub(crate) fn of(document: &mut OpenApi, open_metrics: bool) -> Self {
        let mut table = Self::default();
        for (method, path, need) in PAGES {
            table.add(path, method.as_str(), need);
        }
        if open_metrics {
            table.add("/metrics", "GET", Need::Nothing);
        }
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A token that `umbra-collector api-token create` or `POST /v1/api-tokens` made",
            ))
            .build();
        components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(
            "umbra",
            "Of a person who has logged in; `__Host-umbra` over HTTPS. Writes show `csrf` of `/v1/me` as `X-CSRF-Token`",
        );
        components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("GET", &mut item.get),
                ("PUT", &mut item.put),
                ("POST", &mut item.post),
                ("DELETE", &mut item.delete),
                ("PATCH", &mut item.patch),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                if let Some(need) = table.need(method, path).or_else(|| said(operation)) {
                    complete(operation, need);
                    table.add(path, method, need);
                }
            }
        }
        table
    }

    fn add(&mut self, path: &str, method: &str, need: Need) {
        let methods = self.0.entry(path.to_owned()).or_default();
        methods.insert(method.to_owned(), need);
    }

    /// What a route asks for; `None`: it is not there.
    pub(crate) fn need(&self, method: &str, path: &str) -> Option<Need> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.0.get(path)?.get(method).copied()
    }

    /// The methods of a path, for `Allow`.
    pub(crate) fn methods(&self, path: &str) -> String {
        let methods = self.0.get(path).into_iter().flat_map(BTreeMap::keys);
        let methods: Vec<&str> = methods
            .flat_map(|method| match method.as_str() {
                "GET" => vec!["GET", "HEAD"],
                other => vec![other],
            })
            .collect();
        methods.join(",")
    }
}

/// What an operation's `security` says.
fn said(operation: &Operation) -> Option<Need> {
    let said = serde_json::to_value(operation.security.as_ref()?).ok()?;
    let said: Vec<BTreeMap<String, Vec<String>>> = serde_json::from_value(said).ok()?;
    match said.as_slice() {
        [one] if one.is_empty() => Some(Need::Nothing),
        [one] => match one.get(TOKEN)?.as_slice() {
            [] => Some(Need::Somebody),
            [right] => Some(Need::Right(right.parse().ok()?)),
            _ => None,
        },
        _ => None,
    }
}

/// People have the same rights by their sessions; and who has not got one is refused.
fn complete(operation: &mut Operation, need: Need) {
    let rights = match need {
        Need::Nothing => {
            operation.security = Some(vec![SecurityRequirement::default()]);
            return;
        }
        Need::Somebody => Vec::new(),
        Need::Right(right) => vec![right.as_str()],
    };
    operation.security = Some(vec![
        SecurityRequirement::new(TOKEN, rights.clone()),
        SecurityRequirement::new(SESSION, rights),
    ]);
    for (status, description) in [
        ("401", "Nobody is logged in, and there is no good token"),
        (
            "403",
            "This is not for who asks, or a write does not come from the collector's own page",
        ),
    ] {
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", problem)
            .build();
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert(response.into());
    }
}

#[cfg(test)]
mod tests;
