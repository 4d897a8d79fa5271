//! Reads the bodies of requests, within limits of size and time.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::refusal::Refusal;

/// Reads a body of JSON, perhaps packed: `most` bytes as they travel, that arrive `within` a time. `what` it is, for
/// the sentences of refusals.
pub(crate) async fn json(
    request: Request,
    what: &str,
    most: usize,
    within: Duration,
) -> Result<Bytes, Refusal> {
    require_json(request.headers(), what)?;
    let collect = Limited::new(request.into_body(), most).collect();
    match tokio::time::timeout(within, collect).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("{what} may be {most} bytes long; send less at once"),
        )),
        Ok(Err(error)) => Err(Refusal::bad(format!("the body of {what} broke off: {error}"))),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body of {what} did not arrive within {} s", within.as_secs()),
        )),
    }
}

/// A browser sends JSON to another site only after asking, and the collector never agrees: so that a web page that
/// somebody on this machine looks at cannot make up reports.
fn require_json(headers: &HeaderMap, what: &str) -> Result<(), Refusal> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(umbra_report::CONTENT_TYPE) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("{what} is {}: say so in Content-Type", umbra_report::CONTENT_TYPE),
    ))
}
