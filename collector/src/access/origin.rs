//! Whether a browser's write comes from the collector's own pages.

use axum::http::{HeaderMap, header};
use reqwest::Url;

/// Whether nothing says that another site sent it. What is no browser says nothing, and needs more than this.
///
/// `Sec-Fetch-Site` is not sent to plain `http://` beyond this machine, so `Origin` counts too: that of the page's own
/// address, or of the name that the request is for, as a reverse proxy may put another one there.
pub(super) fn is_own(headers: &HeaderMap, page: &Url) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return true;
    };
    if origin == page.origin().ascii_serialization() {
        return true;
    }
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(header::HOST.as_str())
}
