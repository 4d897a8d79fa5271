mod fields;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Condition, Observation, Running};

/// One batch from one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// [`crate::VERSION`] of the sender.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// Who reports.
    pub agent: Agent,
    /// How the agent is at the moment of sending; a repeat may carry another status.
    pub status: Status,
    /// Identity of the spool: new when a spool was set aside or lost, because numbers begin at 1 again.
    pub epoch: Uuid,
    /// In the order of their numbers; a hole is stood for by a [`Gap`]. May be empty: the status alone.
    #[cfg_attr(feature = "openapi", schema(max_items = 10_000))]
    pub records: Vec<Record>,
}

/// The agent's identity and the host's attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    /// Random, made at the first start.
    pub id: Uuid,
    /// Host name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub host: String,
    /// `/etc/machine-id`, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub machine_id: Option<String>,
    /// `/proc/sys/kernel/random/boot_id`: new with each start of the host, so that it tells a host from its copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    )]
    pub boot_id: Option<Uuid>,
    /// Version of the agent.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub version: String,
    /// Kernel release (`uname -r`).
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub kernel: String,
}

/// How the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// When the agent started.
    pub started: Timestamp,
    /// What was lost since then, counted by cause (`ring_buffer_full`, `spool_full`, …). Zero counts may be left out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schema::losses))]
    pub losses: BTreeMap<String, u64>,
    /// What it runs of the collector's configuration; `None` when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Running>,
    /// How its work goes; older agents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// A record of the spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "fields::Fields")]
pub struct Record {
    /// Number within the epoch, from 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 281_474_976_710_656_u64))]
    pub sequence: u64,
    /// What it says.
    #[serde(flatten)]
    pub body: RecordBody,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RecordBody {
    /// A caller used a name.
    Observation(Box<Observation>),
    /// Records are missing: they were dropped or damaged.
    Gap(Gap),
}

/// Stands for records that were dropped, because the spool reached its cap or the collector refused them, or that the
/// agent's disk damaged.
///
/// It takes the number of the last record that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gap {
    /// Number of the first missing record.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 281_474_976_710_656_u64))]
    pub from: u64,
    /// How many records are missing; fewer than numbers when an agent passed numbers over, and none when it only did so.
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub records: u64,
    /// When the first of them was made.
    pub first_seen: Timestamp,
    /// When the last of them was made.
    pub last_seen: Timestamp,
}

/// The collector's answer to a report, after its store's commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    /// Every record of the epoch up to this number is in the store.
    pub sequence: u64,
}
