use std::path::PathBuf;
use std::time::Duration;
use std::{error, fs, io};

use jiff::Timestamp;
use reqwest::{Certificate, Response, StatusCode, header, redirect};
use umbra_report::{Acknowledgement, CONTENT_TYPE, Report};

use super::retry_after;
use crate::config::{self, CollectorUrl};

/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The fastest level: reports are small, and the agent's time and memory are the host's.
const ZSTD_LEVEL: i32 = 1;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Reports cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of `[report] ca_file` cannot be read.
    #[error("cannot read the certificates {}: {source}; correct `[report] ca_file`", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file of `[report] ca_file` holds no certificate.
    #[error("{} holds no certificate in PEM form; correct `[report] ca_file`", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error(
        "cannot set up TLS: {0}; install the system's certificates (ca-certificates), or set `[report] ca_file`"
    )]
    Tls(String),
}

/// Speaks HTTP with collectors.
pub(crate) struct Client(reqwest::Client);

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Everything up to this number is in the collector's store.
    Acknowledged(u64),
    /// It will never be taken.
    Refused { status: u16, text: String },
    /// It may be taken in smaller pieces.
    TooLarge,
    /// It may be taken later.
    Failed {
        reason: String,
        retry_after: Option<Duration>,
    },
}

impl Client {
    pub(crate) fn new(config: &config::Report) -> Result<Self, ClientError> {
        // Somebody may have installed it already: there is only one to install.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("umbra-agent/", env!("CARGO_PKG_VERSION")))
            .timeout(config.timeout_seconds.as_seconds())
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(1);
        if let Some(collector) = &config.collector {
            if collector.is_loopback() {
                builder = builder.no_proxy();
            }
            if collector.is_plain() {
                // The system's 150 certificates would be read for nothing.
                builder = builder.tls_certs_only([]);
            }
        }
        if let Some(path) = &config.ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        builder
            .build()
            .map(Self)
            .map_err(|error| ClientError::Tls(cause(&error)))
    }

    pub(crate) async fn send(&self, collector: &CollectorUrl, report: &Report) -> Answer {
        let body = match serde_json::to_vec(report).map(|json| zstd::bulk::compress(&json, ZSTD_LEVEL)) {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return later(error.to_string()),
            Err(error) => return later(error.to_string()),
        };
        let request = self
            .0
            .post(collector.reports())
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::CONTENT_ENCODING, "zstd")
            .body(body);
        match request.send().await {
            Ok(response) => answer(response).await,
            Err(error) => later(cause(&error)),
        }
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<Certificate>, ClientError> {
    let pem = fs::read(path).map_err(|source| ClientError::CaFile {
        path: path.clone(),
        source,
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ClientError::NoCertificate { path: path.clone() }),
    }
}

async fn answer(response: Response) -> Answer {
    let status = response.status();
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|value| retry_after::parse(value, Timestamp::now()));
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Answer::TooLarge;
    }
    let again = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    );
    if !status.is_success() && (again || !status.is_client_error()) {
        return Answer::Failed {
            reason: format!("it answers with status {status}"),
            retry_after,
        };
    }
    let text = match begin_of(response).await {
        Ok(text) => text,
        // Refused is refused, whether or not it says why.
        Err(_) if status.is_client_error() => String::new(),
        Err(error) => return later(cause(&error)),
    };
    if status.is_client_error() {
        return Answer::Refused {
            status: status.as_u16(),
            text,
        };
    }
    match serde_json::from_str::<Acknowledgement>(&text) {
        Ok(acknowledgement) => Answer::Acknowledged(acknowledgement.sequence),
        Err(_) => later("its answer is not a collector's: check the address".to_owned()),
    }
}

async fn begin_of(mut response: Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_ANSWER
        && let Some(chunk) = response.chunk().await?
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(LONGEST_ANSWER - bytes.len())]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn later(reason: String) -> Answer {
    Answer::Failed {
        reason,
        retry_after: None,
    }
}

/// The innermost cause: 'error sending request' helps nobody, 'connection refused' does.
fn cause(error: &(dyn error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
