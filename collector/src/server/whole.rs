//! Reads short bodies before anything is answered.
//!
//! A server that answers while its client still sends, and then closes because it will not read the rest, may have
//! its answer thrown away: the kernel resets a connection that is closed with bytes unread (RFC 9112, section 9.6).

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;

use crate::refusal::Refusal;

/// Bytes of a body that is read whole. What is longer, or does not say how long it is, is read by whoever wants it.
const SHORT: u64 = 16 << 10;

/// Hands a request on with its body, if that is short, in memory.
pub(super) async fn bodies(State(within): State<Duration>, request: Request, next: Next) -> Response {
    let length = request.body().size_hint().exact();
    if length.is_none_or(|length| length == 0 || length > SHORT) {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    match tokio::time::timeout(within, body.collect()).await {
        Ok(Ok(body)) => {
            let whole = Body::from(body.to_bytes());
            next.run(Request::from_parts(head, whole)).await
        }
        Ok(Err(error)) => Refusal::bad(format!("the request's body broke off: {error}")).into_response(),
        Err(_) => Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the request's body did not arrive within {} s", within.as_secs()),
        )
        .into_response(),
    }
}
