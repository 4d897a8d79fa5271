use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, Url};

use super::backoff;
use super::route::{Address, Http};
use super::target::{TargetError, read};
use crate::store::Outcome;

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER: usize = 4096;
/// Characters of it that are shown.
const SHOWN: usize = 200;

/// Asks one address by POST.
#[derive(Clone, Debug)]
pub(super) struct Poster {
    client: Client,
    url: Url,
    token: Option<HeaderValue>,
}

impl Poster {
    /// For an address of the configuration, with what its files hold.
    pub(super) fn open(http: &Http) -> Result<Self, TargetError> {
        let url = match &http.address {
            Address::Url(url) => url.clone(),
            Address::File(file) => address(file)?,
        };
        let token = http.token_file.as_deref().map(token).transpose()?;
        Ok(Self {
            token,
            ..Self::new(url, http.ca_file.as_ref())?
        })
    }

    /// For a URL; `authorities` in place of those that this machine trusts.
    pub(super) fn new(url: Url, authorities: Option<&PathBuf>) -> Result<Self, TargetError> {
        // Without one a client panics. Whoever came first may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .timeout(ATTEMPT)
            // A redirect that is followed would repeat the POST as a GET, and could lead the alert elsewhere.
            .redirect(Policy::none())
            .user_agent(concat!("umbra-collector/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = authorities {
            let pem = read(path)?;
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| TargetError::wrong(path, "there is no certificate in PEM form in it"))?;
            builder = builder.tls_certs_only(certificates);
        }
        let client = builder.build().map_err(TargetError::Client)?;
        Ok(Self {
            client,
            url,
            token: None,
        })
    }

    /// The same at another path below the URL's.
    pub(super) fn below(mut self, path: &str) -> Self {
        let whole = format!("{}/{path}", self.url.path().trim_end_matches('/'));
        self.url.set_path(&whole);
        self
    }

    /// Makes one attempt.
    pub(super) async fn post(&self, media: &'static str, mut headers: HeaderMap, body: Vec<u8>) -> Outcome {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.clone());
        }
        let request = self.client.post(self.url.clone()).headers(headers).body(body);
        match request.send().await {
            Ok(response) => outcome(response).await,
            // The address is left out: its path is often a secret.
            Err(error) => Outcome::Retry {
                error: reason(&error.without_url()),
                asked: None,
            },
        }
    }
}

/// What an answer means.
async fn outcome(response: Response) -> Outcome {
    let status = response.status();
    let asked = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| backoff::asked(value, SystemTime::now()));
    let said = said(response).await;
    let answer = if said.is_empty() {
        status.to_string()
    } else {
        format!("{status}: {said}")
    };
    if status.is_success() {
        return Outcome::Delivered { answer };
    }
    let error = format!("the receiver answered {answer}{}", remedy(status));
    // A wrong secret is no fault of the alert's: it waits for the right one.
    let comes_back = matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    );
    if status.is_client_error() && !comes_back {
        Outcome::Refused { error }
    } else {
        Outcome::Retry { error, asked }
    }
}

/// The first line of an answer's body, as far as it is text: receivers say there what is wrong.
async fn said(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ANSWER - bytes.len())]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars()
        .filter(|char| !char.is_control())
        .take(SHOWN)
        .collect()
}

/// What a person can do about it.
fn remedy(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; see that its token or secret is the right one",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {
            "; see that its URL is the right one"
        }
        status if status.is_redirection() => "; give the URL that it leads to: redirects are not followed",
        _ => "",
    }
}

/// Why an attempt failed, in the words of the last cause: there is 'Connection refused', above it only 'error sending
/// request'.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!(
            "no answer within {} s; see that the receiver is well",
            ATTEMPT.as_secs()
        );
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    format!("{last}; see that the receiver runs and can be reached from here")
}

fn address(file: &Path) -> Result<Url, TargetError> {
    let text = read(file)?;
    match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err(TargetError::wrong(
            file,
            "there is no URL in it that begins with http:// or https://",
        )),
    }
}

fn token(file: &Path) -> Result<HeaderValue, TargetError> {
    let text = read(file)?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim()))
        .map_err(|_| TargetError::wrong(file, "a token is one line of letters, digits and signs"))?;
    value.set_sensitive(true);
    Ok(value)
}
