use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use super::{Payload, backoff};
use crate::store::{Alert, Outcome};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Header that carries the delivery's id: <https://www.standardwebhooks.com>.
const ID: &str = "webhook-id";

/// The receiver.
#[derive(Clone, Debug)]
pub struct Webhook {
    client: Client,
    url: Url,
    page: Url,
}

/// The client for the webhook could not be made.
#[derive(Debug, thiserror::Error)]
#[error(
    "the webhook's HTTPS client cannot be made ({0}); see that this machine has CA certificates (Debian: ca-certificates)"
)]
pub struct WebhookError(#[source] reqwest::Error);

impl Webhook {
    /// A receiver at `url`; `page` is the address of the collector's page, for the links.
    pub fn new(url: Url, page: Url) -> Result<Self, WebhookError> {
        let client = Client::builder()
            .timeout(ATTEMPT)
            // A redirect that is followed would repeat the POST as a GET, and could lead the alert elsewhere.
            .redirect(Policy::none())
            .user_agent(concat!("umbra-collector/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookError)?;
        Ok(Self { client, url, page })
    }

    /// Makes one attempt.
    pub async fn send(&self, alert: &Alert) -> Outcome {
        let payload = Payload::of(alert, &self.page);
        let sent = self
            .client
            .post(self.url.clone())
            .header(ID, &alert.delivery)
            .json(&payload)
            .send()
            .await;
        let own = backoff::pause(alert.attempts);
        let response = match sent {
            Ok(response) => response,
            // The address is left out: its path is often a secret.
            Err(error) => {
                let error = reason(&error.without_url());
                return Outcome::Retry {
                    error,
                    after: own,
                    all: false,
                };
            }
        };
        let status = response.status();
        if status.is_success() {
            return Outcome::Delivered;
        }
        let error = format!("the receiver answered {status}");
        let comes_back = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        );
        if status.is_client_error() && !comes_back {
            return Outcome::Refused { error };
        }
        let asked = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        match asked.and_then(|value| backoff::asked(value, SystemTime::now())) {
            Some(after) => Outcome::Retry {
                error,
                after,
                all: true,
            },
            None => Outcome::Retry {
                error,
                after: own,
                all: false,
            },
        }
    }
}

/// Why an attempt failed, in the words of the last cause: there is 'Connection refused', above it only 'error sending
/// request'.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ATTEMPT.as_secs());
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
