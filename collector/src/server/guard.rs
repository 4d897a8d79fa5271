//! What stands before every request, whoever sends it: a browser must not be made to fetch the page for somebody else's
//! site. Who may ask what is decided behind it ([`crate::access::door`]).

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use reqwest::Url;

use crate::access::table::REPORTS;
use crate::refusal::Refusal;

/// When an agent asks again whether the configuration was mended.
const MENDED: Duration = Duration::from_mins(1);

/// Everything comes from the collector itself; nothing is inline, framed or sent elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The names under which the collector answers: it refuses requests for others, because a hostile site may let its
/// own name resolve to 127.0.0.1 (DNS rebinding).
#[derive(Clone, Debug)]
pub(super) struct Guard {
    names: Arc<HashSet<String>>,
}

impl Guard {
    pub(super) fn new(page: &Url, more: Vec<String>) -> Self {
        let names = more
            .into_iter()
            .chain(page.host_str().map(str::to_owned))
            .map(|name| plain(&name))
            .collect();
        Self {
            names: Arc::new(names),
        }
    }

    /// An address of loopback cannot be rebound; the port may be that of a tunnel.
    fn allows(&self, host: &str) -> bool {
        let host = plain(host);
        host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || self.names.contains(&host)
    }
}

/// A host in the form that is compared: lower case, without the brackets of IPv6 and the dot at the end.
fn plain(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// What a request for a name of somebody else is told. An agent keeps its records until the name is allowed: what is
/// wrong is this collector's configuration, and a 4xx would make the agent put a good report aside.
fn misdirected(path: &str) -> Refusal {
    const WHY: &str =
        "the collector does not answer under this name; add it to hosts under [page] in its configuration";
    if path == REPORTS {
        tracing::error!("an agent's report was put off: {WHY}");
        Refusal::later(WHY, MENDED)
    } else {
        Refusal::new(StatusCode::MISDIRECTED_REQUEST, WHY)
    }
}

/// Refuses requests for a host that is not the collector's, and puts the headers of safety on every answer.
pub(super) async fn stand(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let authority = request
        .headers()
        .get(header::HOST)
        .and_then(|host| Authority::try_from(host.as_bytes()).ok())
        .or_else(|| request.uri().authority().cloned());
    let mut response = if authority.is_some_and(|authority| guard.allows(authority.host())) {
        next.run(request).await
    } else {
        misdirected(request.uri().path()).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Nothing for other sites; with less, browsers would not tell us that a form is our own (Fetch, "append a request
        // Origin header").
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
