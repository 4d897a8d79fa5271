use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an agent says of its own work, beside what it lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Condition {
    /// Longest time between two reports while all is well, in seconds.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3600))]
    pub heartbeat_seconds: u32,
    /// What waits for the collector; `None` while the spool cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<Waiting>,
    /// Which catalogue the agent started with: the first 16 hexadecimal digits of a SHA-256 over its patterns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub catalogue: Option<String>,
    /// Kernel programs that are attached.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 4_294_967_295_u64))]
    pub programs: u32,
    /// What last went wrong with a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<Trouble>,
}

/// How full a spool is at the moment of sending, with what is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// Records on disk.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub records: u64,
    /// Bytes that count against the cap.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub bytes: u64,
    /// How long ago, by the agent's clock, the oldest of them was made, in seconds: the agent's lag. 0 without one.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub oldest_seconds: u64,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trouble {
    /// When.
    pub time: Timestamp,
    /// What, in a sentence. Longer ones than [`crate::limits::TROUBLE`] are cut.
    pub error: String,
}
