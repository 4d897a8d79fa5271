use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Url, header};
use serde::Serialize;
use umbra_report::{Code, Enrolled, Problem};

use crate::report::{Client, LONGEST_ANSWER, Stats, cause, retry_after};

/// A certificate, and the collector's clock when it gave it.
pub(super) struct Given {
    pub(super) enrolled: Enrolled,
    pub(super) date: Option<Timestamp>,
}

/// Why there is no certificate, for the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) reason: String,
    /// The collector's word, when it has one.
    pub(crate) code: Option<Code>,
    pub(crate) retry_after: Option<Duration>,
}

impl Trouble {
    pub(super) fn here(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            code: None,
            retry_after: None,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn key(error: rcgen::Error) -> Self {
        Self::here(format!(
            "the agent's key cannot be used ({error}): remove enrolment.json in the agent's folder"
        ))
    }

    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(super) fn tls(error: rustls::Error) -> Self {
        Self::here(format!("TLS cannot be set up: {error}"))
    }
}

/// Asks for a certificate.
pub(super) async fn ask(
    client: &Client,
    url: Url,
    body: &impl Serialize,
    stats: &Arc<Stats>,
) -> Result<Given, Trouble> {
    let asked = send(client, url, body).await;
    match &asked {
        Ok(_) => stats.certificate_issued(),
        Err(trouble) if trouble.code.is_some() => stats.certificate_refused(),
        Err(_) => stats.certificate_failed(),
    }
    asked
}

async fn send(client: &Client, url: Url, body: &impl Serialize) -> Result<Given, Trouble> {
    let failed = |error: reqwest::Error| Trouble::here(cause(&error));
    let response = client.post(url).json(body).send().await.map_err(failed)?;
    let status = response.status();
    let said = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // An HTTP date is an RFC 2822 date in GMT (RFC 9110, section 5.6.7).
    let date = said(header::DATE)
        .and_then(|date| rfc2822::parse(date).ok())
        .map(|date| date.timestamp());
    let retry_after = said(header::RETRY_AFTER).and_then(|value| retry_after::parse(value, Timestamp::now()));
    let text = client.begin_of(response, LONGEST_ANSWER).await.map_err(failed)?;
    if status.is_success() {
        return match serde_json::from_str(&text) {
            Ok(enrolled) => Ok(Given { enrolled, date }),
            Err(_) => Err(Trouble::here(
                "its answer is not a collector's: check the address",
            )),
        };
    }
    let problem = serde_json::from_str::<Problem>(&text).ok();
    Err(Trouble {
        reason: problem.as_ref().map_or_else(
            || format!("it answers with status {status}: check that the address is that for agents"),
            |problem| problem.error.chars().take(500).collect(),
        ),
        code: problem.and_then(|problem| problem.code),
        retry_after,
    })
}
