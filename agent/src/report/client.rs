use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use jiff::Timestamp;
use reqwest::{
    Certificate, ClientBuilder, Identity, RequestBuilder, Response, StatusCode, Url, header, redirect,
};
use umbra_report::{Acknowledgement, CONTENT_TYPE, Code, Problem, Report};

use super::{cause, retry_after};
use crate::config::{self, CollectorUrl};
use crate::enrolment;

/// More of an answer is not read.
pub(crate) const LONGEST_ANSWER: usize = 64 * 1024;

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
    /// The agent's own certificate is none.
    #[error(
        "cannot use the agent's certificate: {0}; remove enrolment.json in the agent's folder, and give the agent a token"
    )]
    Certificate(String),
    /// TLS cannot be set up.
    #[error(
        "cannot set up TLS: {0}; install the system's certificates (ca-certificates), or set `[report] ca_file`"
    )]
    Tls(String),
}

/// Speaks HTTP with collectors; clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Client(reqwest::Client);

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Everything up to this number is in the collector's store.
    Acknowledged(u64),
    /// It will never be taken.
    Refused { status: u16, text: String },
    /// Its sender is not let in.
    Denied { code: Code, text: String },
    /// It may be taken in smaller pieces.
    TooLarge,
    /// It may be taken later.
    Failed {
        reason: String,
        retry_after: Option<Duration>,
    },
}

impl Client {
    /// A client that shows the agent's certificate and trusts the authority that gave it; without one, it trusts the
    /// system's authorities and those of `[report] ca_file`.
    pub(crate) fn new(
        config: &config::Report,
        enrolled: Option<(&enrolment::Kept, &enrolment::Certificate)>,
    ) -> Result<Self, ClientError> {
        let mut builder = builder(config);
        if let Some((kept, own)) = enrolled {
            let damaged = |error: reqwest::Error| ClientError::Certificate(cause(&error));
            let pem = [kept.key.as_bytes(), own.chain.as_bytes()].concat();
            let authority = Certificate::from_pem(own.authority.as_bytes()).map_err(damaged)?;
            builder = builder
                .identity(Identity::from_pem(&pem).map_err(damaged)?)
                .tls_certs_only([authority]);
        } else {
            if config.collector.as_ref().is_some_and(CollectorUrl::is_plain) {
                // The system's 150 certificates would be read for nothing.
                builder = builder.tls_certs_only([]);
            }
            if let Some(path) = &config.ca_file {
                builder = builder.tls_certs_merge(certificates(path)?);
            }
        }
        built(builder)
    }

    /// A client with TLS of its own.
    pub(crate) fn pinned(config: &config::Report, tls: rustls::ClientConfig) -> Result<Self, ClientError> {
        built(builder(config).tls_backend_preconfigured(tls))
    }

    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.0.get(url)
    }

    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }

    /// The first bytes of an answer: nobody must be able to fill the memory.
    pub(crate) async fn begin_of(
        &self,
        response: Response,
        longest: usize,
    ) -> Result<String, reqwest::Error> {
        begin_of(response, longest).await
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

fn builder(config: &config::Report) -> ClientBuilder {
    // Somebody may have installed it already: there is only one to install.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("umbra-agent/", env!("CARGO_PKG_VERSION")))
        .timeout(config.timeout_seconds.as_seconds())
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(1)
        // A report a minute, or an hour: the collector says how long a connection may be idle, by closing it.
        .pool_idle_timeout(None);
    if config.collector.as_ref().is_some_and(CollectorUrl::is_loopback) {
        builder.no_proxy()
    } else {
        builder
    }
}

fn built(builder: ClientBuilder) -> Result<Client, ClientError> {
    builder
        .build()
        .map(Client)
        .map_err(|error| ClientError::Tls(cause(&error)))
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
    let text = match begin_of(response, LONGEST_ANSWER).await {
        Ok(text) => text,
        // Refused is refused, whether or not it says why.
        Err(_) if status.is_client_error() => String::new(),
        Err(error) => return later(cause(&error)),
    };
    if status.is_client_error() {
        let problem = serde_json::from_str::<Problem>(&text).ok();
        if let Some(Problem {
            error,
            code: Some(code),
        }) = problem
        {
            return Answer::Denied { code, text: error };
        }
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

async fn begin_of(mut response: Response, longest: usize) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < longest
        && let Some(chunk) = response.chunk().await?
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(longest - bytes.len())]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn later(reason: String) -> Answer {
    Answer::Failed {
        reason,
        retry_after: None,
    }
}
