//! Why an agent is not let in: each reason with its remedy.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use umbra_report::Code;
use uuid::Uuid;

use crate::refusal::Refusal;

/// Why an agent is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No such token, or another secret.
    #[error(
        "this collector knows no such token; make one with `umbra-collector token create` on the collector's host"
    )]
    TokenUnknown,
    /// Its time is over.
    #[error(
        "the token expired at {0} by the collector's clock; make another one with `umbra-collector token create`"
    )]
    TokenExpired(Timestamp),
    /// All its uses are used.
    #[error("the token is used up; make another one with `umbra-collector token create --uses NUMBER`")]
    TokenUsedUp,
    /// Taken back.
    #[error("the token was revoked; make another one with `umbra-collector token create`")]
    TokenRevoked,
    /// The id has another key.
    #[error(
        "agent {0} is enrolled with another key: this host is a copy of another one, or its key was lost; it must take a new id"
    )]
    AgentKnown(Uuid),
    /// Shut out.
    #[error(
        "agent {0} was revoked; to let its host in again, remove agent-id.json and enrolment.json in the agent's folder and give it a valid token"
    )]
    AgentRevoked(Uuid),
    /// Said to be gone.
    #[error("agent {0} was retired; to bring its host back, give it a valid token")]
    AgentRetired(Uuid),
    /// No certificate.
    #[error("agents show a certificate here; give the agent a token, so that it enrols")]
    CertificateMissing,
    /// One that is not in the store.
    #[error(
        "the collector no longer knows this certificate (was its store put back from a backup?); give the agent a valid token, so that it enrols again"
    )]
    CertificateUnknown,
    /// Its time is over.
    #[error(
        "the certificate expired at {0} by the collector's clock; give the agent a valid token, so that it enrols again"
    )]
    CertificateExpired(Timestamp),
    /// Somebody else's certificate.
    #[error("the certificate is that of agent {certificate}, and the request names agent {named}")]
    WrongAgent {
        /// Whom the certificate names.
        certificate: Uuid,
        /// Whom the request names.
        named: Uuid,
    },
    /// An enrolled agent without its certificate.
    #[error(
        "agent {0} is enrolled, so its reports are taken with its certificate alone, at the address for agents"
    )]
    Unproven(Uuid),
    /// Two hosts use one identity.
    #[error(
        "possible clone: another host reports as agent {0}; the agent takes a new id when it has a valid token, so give it one"
    )]
    PossibleClone(Uuid),
    /// Another start of the host reported a moment ago.
    #[error("another host, or another start of this one, reported as this agent a moment ago; come back")]
    Held(Duration),
}

impl Denied {
    /// What an agent can act on; `None` when it need only come back.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::TokenUnknown => Code::TokenUnknown,
            Self::TokenExpired(_) => Code::TokenExpired,
            Self::TokenUsedUp => Code::TokenUsedUp,
            Self::TokenRevoked => Code::TokenRevoked,
            Self::AgentKnown(_) => Code::AgentKnown,
            Self::AgentRevoked(_) => Code::AgentRevoked,
            Self::AgentRetired(_) => Code::AgentRetired,
            Self::CertificateMissing | Self::Unproven(_) => Code::CertificateMissing,
            Self::CertificateUnknown => Code::CertificateUnknown,
            Self::CertificateExpired(_) => Code::CertificateExpired,
            Self::WrongAgent { .. } => Code::WrongAgent,
            Self::PossibleClone(_) => Code::PossibleClone,
            Self::Held(_) => return None,
        })
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TokenUnknown
            | Self::TokenExpired(_)
            | Self::TokenUsedUp
            | Self::TokenRevoked
            | Self::CertificateMissing
            | Self::CertificateUnknown
            | Self::CertificateExpired(_) => StatusCode::UNAUTHORIZED,
            Self::AgentRevoked(_) | Self::AgentRetired(_) | Self::WrongAgent { .. } | Self::Unproven(_) => {
                StatusCode::FORBIDDEN
            }
            Self::AgentKnown(_) | Self::PossibleClone(_) => StatusCode::CONFLICT,
            Self::Held(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Held(after) => Self::later(denied.to_string(), after),
            _ => Self::new(denied.status(), denied.to_string()).coded(denied.code()),
        }
    }
}
