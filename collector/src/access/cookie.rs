//! The cookie of a session, and what is derived of it.

use axum::http::{HeaderMap, HeaderValue, header};

use super::secret;

/// Over HTTPS: the prefix has the browser see to it that nobody else sets it (RFC 6265bis, section 4.1.3.2).
const SECURE: &str = "__Host-umbra";
/// Over plain HTTP, which is this machine's own.
const PLAIN: &str = "umbra";

fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The session's secret in a request.
pub(crate) fn of(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name(secure))
        .map(|(_, value)| value)
}

/// `Set-Cookie` that gives a browser this secret, until it is closed or the session ends here.
pub(crate) fn set(secret: &str, secure: bool) -> HeaderValue {
    line(secret, secure, "")
}

/// `Set-Cookie` that takes it away.
pub(crate) fn gone(secure: bool) -> HeaderValue {
    line("", secure, "; Max-Age=0")
}

fn line(value: &str, secure: bool, more: &str) -> HeaderValue {
    let only = if secure { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict{only}{more}",
        name(secure)
    );
    // Cannot fail: a secret is hexadecimal digits.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// What writes must show beside the cookie: whoever can send the cookie without reading it does not know this. The
/// cookie does not follow from it.
pub(crate) fn csrf(secret: &str) -> String {
    secret::hash(&format!("umbra csrf\n{secret}"))
}
