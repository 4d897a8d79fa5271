use serde::{Deserialize, Serialize};

/// What a refused request is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A sentence for people, with the remedy.
    pub error: String,
    /// What an agent can act on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

/// Why an agent is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The collector has no such token, or its secret is another one.
    TokenUnknown,
    /// The token's time is over.
    TokenExpired,
    /// As many agents as the token was made for have enrolled with it.
    TokenUsedUp,
    /// Somebody took the token back.
    TokenRevoked,
    /// The id is enrolled with another key: a copy of another agent's folder asks.
    AgentKnown,
    /// Somebody shut the agent out.
    AgentRevoked,
    /// Somebody said that the host is gone for good.
    AgentRetired,
    /// The request shows no certificate.
    CertificateMissing,
    /// The authority made the certificate, and the collector knows it no longer.
    CertificateUnknown,
    /// The certificate's time is over, by the collector's clock.
    CertificateExpired,
    /// The request names another agent than its certificate does.
    WrongAgent,
    /// Two hosts use one identity at the same time.
    PossibleClone,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

impl Code {
    /// Every code that is sent.
    pub const ALL: [Self; 12] = [
        Self::TokenUnknown,
        Self::TokenExpired,
        Self::TokenUsedUp,
        Self::TokenRevoked,
        Self::AgentKnown,
        Self::AgentRevoked,
        Self::AgentRetired,
        Self::CertificateMissing,
        Self::CertificateUnknown,
        Self::CertificateExpired,
        Self::WrongAgent,
        Self::PossibleClone,
    ];

    /// The name on the wire and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenUnknown => "token_unknown",
            Self::TokenExpired => "token_expired",
            Self::TokenUsedUp => "token_used_up",
            Self::TokenRevoked => "token_revoked",
            Self::AgentKnown => "agent_known",
            Self::AgentRevoked => "agent_revoked",
            Self::AgentRetired => "agent_retired",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateUnknown => "certificate_unknown",
            Self::CertificateExpired => "certificate_expired",
            Self::WrongAgent => "wrong_agent",
            Self::PossibleClone => "possible_clone",
            Self::Other => "other",
        }
    }
}
