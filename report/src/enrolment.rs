use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Agent;

/// An agent asks for its first certificate.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrol {
    /// [`crate::VERSION`] of the sender.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// A [`crate::Token`], as it was printed.
    pub token: String,
    /// Who asks.
    pub agent: Agent,
    /// PKCS #10 request in PEM (RFC 2986). Of it only the key is taken; the signature proves that the agent has it.
    pub csr: String,
}

/// An agent with a certificate, which it shows, asks for the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Renew {
    /// [`crate::VERSION`] of the sender.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// Who asks.
    pub agent: Agent,
    /// As in [`Enrol`], with the same key.
    pub csr: String,
}

/// The answer to both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolled {
    /// Whom the certificate names: the id that was asked for.
    pub agent_id: Uuid,
    /// The certificate in PEM, with what lies between it and the authority.
    pub certificate: String,
    /// The authority's certificate in PEM: whom to trust as a collector from now on.
    pub authority: String,
    /// The Ed25519 key that signs [`crate::Configuration`]s, 64 lower-case hexadecimal digits. A collector of an older
    /// version has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_key: Option<String>,
    /// From when the certificate is good, by the collector's clock.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}
