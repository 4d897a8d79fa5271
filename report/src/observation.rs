use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;

use crate::{Caller, Evidence, Origin, Protocol, Route};

/// A caller used a name of the catalogue within one minute.
///
/// Counts are what is new since the agent's last record of the same caller, name and minute: the collector adds them
/// up, and one minute may come in several records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observation {
    /// Begin of the minute.
    pub minute: Timestamp,
    /// When the first byte or event behind this record was seen.
    pub first_seen: Timestamp,
    /// When the last one was.
    pub last_seen: Timestamp,
    /// Who.
    pub caller: Caller,
    /// What set the program off that did it last, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Vendor's name in the catalogue.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub vendor: String,
    /// Service of the vendor.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub service: String,
    /// Kind of the service.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schema::kinds))]
    pub kind: Kind,
    /// Host name asked for: lower case, no trailing dot.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 253))]
    pub name: String,
    /// How the name is known.
    pub evidence: Evidence,
    /// Transport.
    pub protocol: Protocol,
    /// Which way its flows went; older agents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schema::route))]
    pub route: Option<Route>,
    /// Flows that began.
    #[cfg_attr(feature = "openapi", schema(maximum = 4_294_967_296_u64))]
    pub flows: u64,
    /// Bytes that the caller sent (TCP payload, acknowledged).
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub bytes_out: u64,
    /// Bytes that the caller received (TCP payload).
    #[cfg_attr(feature = "openapi", schema(maximum = 281_474_976_710_656_u64))]
    pub bytes_in: u64,
}
