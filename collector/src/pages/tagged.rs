use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::failed;
use crate::refusal::Refusal;

/// A page, or status 304 for whoever has it as it is.
pub(super) fn tagged(headers: &HeaderMap, page: &impl Template) -> Result<Response, Refusal> {
    let html = page.render().map_err(|error| failed(&error))?;
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(([(header::ETAG, tag)], Html(html)).into_response())
}
