use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands before the bytes that are signed, so that no signature for something else is one for these.
pub const SIGNED_CONTEXT: &[u8] = b"umbra agent configuration 1\0";

/// The answer to `GET /v1/config`: what the agent is to run with, as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signed {
    /// JSON of a [`Configuration`], byte for byte as it was signed.
    pub configuration: String,
    /// Ed25519 (RFC 8032) over [`SIGNED_CONTEXT`] and these bytes, 128 lower-case hexadecimal digits.
    pub signature: String,
}

/// What an agent is to run with, over its own file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Configuration {
    /// [`crate::VERSION`] of the sender.
    pub version: u16,
    /// Rises with each decision of what this agent is to run, also when that is an older revision: an agent takes none
    /// that is less than the last one, so that nobody plays an old one back.
    pub serial: u64,
    /// Which one it is, in the collector's list.
    pub revision: u64,
    /// When it was published.
    pub published: Timestamp,
    /// Settings that stand over those of the agent's file.
    #[serde(default)]
    pub settings: Settings,
    /// A TOML file that adds to the built-in catalogue or overrides it, below the agent's own file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
}

/// Settings of agents that a collector may give. Each is the agent's own when it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Settings {
    /// Longest time that an observation waits before it is sent, in seconds: 1 to 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u32>,
    /// Time between two questions for the configuration, in seconds: 1 to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_seconds: Option<u32>,
}

/// What an agent says of the configuration that it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Running {
    /// Of the one that it runs.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub serial: u64,
    /// Of the same.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub revision: u64,
    /// Why it does not run the last one that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}
