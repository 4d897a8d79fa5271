use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use umbra_catalog::Kind;

use super::{Gap, Record, RecordBody};
use crate::{Caller, Evidence, Observation, Origin, Protocol, Route};

/// All that any record may have, as it is read.
///
/// What derives would read of a flattened, tagged enum is the same, but twice: first into a tree of values that are
/// of no type yet, and reports are most of a collector's work.
#[derive(Deserialize)]
#[serde(rename = "Record")]
pub(super) struct Fields {
    sequence: u64,
    r#type: Type,
    first_seen: Timestamp,
    last_seen: Timestamp,
    minute: Option<Timestamp>,
    caller: Option<Caller>,
    origin: Option<Origin>,
    vendor: Option<String>,
    service: Option<String>,
    kind: Option<Kind>,
    name: Option<String>,
    evidence: Option<Evidence>,
    protocol: Option<Protocol>,
    route: Option<Route>,
    flows: Option<u64>,
    bytes_out: Option<u64>,
    bytes_in: Option<u64>,
    from: Option<u64>,
    records: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Observation,
    Gap,
}

/// A record without what its type must have, in serde's words.
#[derive(Debug)]
pub(super) struct Missing(&'static str);

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "missing field `{}`", self.0)
    }
}

impl TryFrom<Fields> for Record {
    type Error = Missing;

    fn try_from(fields: Fields) -> Result<Self, Missing> {
        macro_rules! given {
            ($field:ident) => {
                fields.$field.ok_or(Missing(stringify!($field)))?
            };
        }
        let body = match fields.r#type {
            Type::Observation => RecordBody::Observation(Box::new(Observation {
                minute: given!(minute),
                first_seen: fields.first_seen,
                last_seen: fields.last_seen,
                caller: given!(caller),
                origin: fields.origin,
                vendor: given!(vendor),
                service: given!(service),
                kind: given!(kind),
                name: given!(name),
                evidence: given!(evidence),
                protocol: given!(protocol),
                route: fields.route,
                flows: given!(flows),
                bytes_out: given!(bytes_out),
                bytes_in: given!(bytes_in),
            })),
            Type::Gap => RecordBody::Gap(Gap {
                from: given!(from),
                records: given!(records),
                first_seen: fields.first_seen,
                last_seen: fields.last_seen,
            }),
        };
        Ok(Self {
            sequence: fields.sequence,
            body,
        })
    }
}
