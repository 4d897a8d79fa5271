//! What the collector answers when it cannot do what was asked: a status and a [`Problem`], `{"error": "…"}`.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use umbra_report::{Code, Problem};

use crate::store::{Rejected, StoreError};

/// An answer other than what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    error: String,
    code: Option<Code>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Refuses with a status and a sentence for whoever asked.
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            code: None,
            retry_after: None,
        }
    }

    /// The request is wrong: status 400.
    pub fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// The collector cannot do it now: status 503 with `Retry-After`.
    pub fn later(error: impl Into<String>, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
        }
    }

    /// More than it can take: status 429 with `Retry-After`.
    pub fn too_many(error: impl Into<String>, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, error)
        }
    }

    /// The same, with what an agent can act on.
    #[must_use]
    pub fn coded(self, code: Option<Code>) -> Self {
        Self { code, ..self }
    }

    /// The same, with more to say.
    #[must_use]
    pub fn and(self, more: &str) -> Self {
        Self {
            error: format!("{}; {more}", self.error),
            ..self
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What an agent can act on.
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// Why, in a word for metrics: one of a few.
    pub fn reason(&self) -> &'static str {
        self.code.map_or_else(
            || match self.status {
                StatusCode::BAD_REQUEST => "malformed",
                StatusCode::REQUEST_TIMEOUT => "slow",
                StatusCode::PAYLOAD_TOO_LARGE => "too_large",
                StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
                StatusCode::TOO_MANY_REQUESTS => "too_many",
                StatusCode::SERVICE_UNAVAILABLE => "later",
                status if status.is_client_error() => "other",
                _ => "failed",
            },
            Code::name,
        )
    }

    /// The sentence of the answer.
    pub fn error(&self) -> &str {
        &self.error
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!("{error}");
        Self::from(&error)
    }
}

/// Of an error that is in the log already.
impl From<&StoreError> for Refusal {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Busy(_) | StoreError::Conflict(_) | StoreError::Gone => {
                Self::later("the database is busy", Duration::from_secs(5))
            }
            // A restart takes seconds, and jitter is the agents' own.
            StoreError::Waiting | StoreError::Away(_) | StoreError::Crowded(_) => Self::later(
                "the collector's database does not answer",
                Duration::from_secs(10),
            ),
            StoreError::Full(_) => Self::later("the collector's disk is full", Duration::from_mins(1)),
            // The details are in the log: who asks over the network can do nothing about them.
            StoreError::Damaged(_)
            | StoreError::Unusable(_)
            | StoreError::Login(_)
            | StoreError::ReadOnly(_) => Self::later(
                "the collector's database cannot be used; see its log",
                Duration::from_mins(1),
            ),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the collector failed; see its log",
            ),
        }
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Denied(denied) => denied.into(),
            Rejected::Failed(error) => Self::from(&*error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem {
            error: self.error.clone(),
            code: self.code,
        };
        let mut response = (self.status, Json(problem)).into_response();
        if let Some(after) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
        }
        // For browsers it is made a page of ([`crate::pages::dress`]).
        response.extensions_mut().insert(self);
        response
    }
}
