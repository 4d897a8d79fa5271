//! What a person reads who cannot have a page: the sentence that a program would get, and a way on.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::shell::Shell;
use crate::access::Principal;
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "refused.html")]
struct Page {
    shell: Shell,
    status: u16,
    title: &'static str,
    sentence: String,
    /// The same address, where asking again may help.
    again: Option<String>,
    /// The page without what it was asked, where that is at fault.
    bare: Option<String>,
}

/// Puts refusals into a page for browsers that ask for one.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let address = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let is_read = request.method().is_safe();
    let wants_page = takes_html(request.headers()) && !address.starts_with("/v1/");
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<Refusal>().filter(|_| wants_page) else {
        return response;
    };
    let status = refusal.status();
    let page = Page {
        shell: Shell {
            here: None,
            principal: response.extensions().get::<Principal>().cloned(),
        },
        status: status.as_u16(),
        title: title(status),
        sentence: super::sentence(refusal.error()),
        again: (is_read && (status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS))
            .then(|| address.clone()),
        bare: address
            .split_once('?')
            .filter(|_| is_read && status == StatusCode::BAD_REQUEST)
            .map(|(path, _)| path.to_owned()),
    };
    let Ok(html) = page.render() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, kind);
    (parts, html).into_response()
}

fn takes_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|line| line.to_str().is_ok_and(|line| line.contains("text/html")))
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Nobody is logged in",
        StatusCode::FORBIDDEN => "This is not for you",
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::TOO_MANY_REQUESTS => "Too many at once",
        StatusCode::SERVICE_UNAVAILABLE => "Not now",
        status if status.is_server_error() => "The collector failed",
        _ => "This cannot be done",
    }
}
