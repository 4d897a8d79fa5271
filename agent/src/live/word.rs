//! What is told, as one JSON object a line.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Judged, Origin, Trouble};

/// All that is known at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// When that is.
    pub time: Timestamp,
    /// Version of the agent.
    pub version: String,
    /// The host's name.
    pub host: String,
    /// When the agent started; sums are since then.
    pub started: Timestamp,
    /// Who used what, in no order.
    pub used: Vec<Used>,
    /// How many of them were forgotten, longest silent first, because there were too many.
    pub forgotten: u64,
    /// What was lost since the start, counted by cause; zero counts are left out.
    pub losses: BTreeMap<String, u64>,
    /// How it goes with the collector.
    pub delivery: Delivery,
    /// Which policy the verdicts are by; `None`: the collector has not said yet, or there is none.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// Why no newer verdicts are known.
    #[serde(default)]
    pub no_verdicts: Option<String>,
}

impl Word {
    /// Whether a collector takes this host's reports, and has not yet said what the policy says.
    pub fn awaits_verdicts(&self) -> bool {
        !self.used.is_empty()
            && self.delivery.last_acknowledged.is_some()
            && self.policy.is_none()
            && self.no_verdicts.is_none()
    }
}

/// What the collector last told verdicts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its version; 0: nothing was ever decided.
    pub version: u64,
    /// When it was asked.
    pub time: Timestamp,
}

/// What a caller did with one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The same as long as the agent keeps it.
    pub id: u64,
    /// Who, as far as it is known now.
    pub caller: Caller,
    /// What set it off last, when that is known.
    pub origin: Option<Origin>,
    /// Process that opened the last flow.
    pub pid: u32,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Kind of the service.
    pub kind: Kind,
    /// Host names that were asked for, the last ones first, [`super::table::NAMES`] at most.
    pub names: Vec<Seen>,
    /// Flows that live.
    pub open: u64,
    /// Flows that began.
    pub flows: u64,
    /// Bytes that the caller sent.
    pub bytes_out: u64,
    /// Bytes that the caller received.
    pub bytes_in: u64,
    /// When the first flow was seen.
    pub first_seen: Timestamp,
    /// When something happened last.
    pub last_seen: Timestamp,
    /// What the collector's policy says, when that is known.
    #[serde(default)]
    pub verdict: Option<Judged>,
}

/// A name, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Lower case, no trailing dot.
    pub name: String,
    /// Of the last flow.
    pub evidence: Evidence,
}

/// How it goes with the collector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Records that wait in the spool.
    pub waiting: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Reports by what became of them.
    pub reports: Answered,
    /// When the collector last acknowledged one.
    pub last_acknowledged: Option<Timestamp>,
    /// What went wrong last.
    pub last_trouble: Option<Trouble>,
}

/// Reports by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// In the collector's store.
    pub acknowledged: u64,
    /// Tried again.
    pub failed: u64,
    /// Put aside.
    pub refused: u64,
}
