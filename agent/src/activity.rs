//! What attribution hands to the rollup: something that a flow did, with the caller behind it.

use std::sync::Arc;

use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Origin, Protocol, Route};

/// A flow to a catalogue name began, moved bytes or ended.
///
/// Counts are what is new since the flow's last activity, so that adding activities up gives the flow's totals.
/// Shared parts are `Arc`s: one process usually makes many flows to one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// When it happened; decides the minute that it counts for.
    pub time: Timestamp,
    /// Who.
    pub caller: Arc<Caller>,
    /// What set the program off, when that is known.
    pub origin: Option<Origin>,
    /// Vendor's name in the catalogue.
    pub vendor: Arc<str>,
    /// Service of the vendor.
    pub service: Arc<str>,
    /// Kind of the service.
    pub kind: Kind,
    /// Host name asked for: lower case, no trailing dot.
    pub name: Arc<str>,
    /// How the name is known.
    pub evidence: Evidence,
    /// Transport.
    pub protocol: Protocol,
    /// Directly, or the first of the proxies that it goes through.
    pub route: Route,
    /// Flows that began with this activity: 0 or 1.
    pub flows: u64,
    /// Bytes that the caller sent.
    pub bytes_out: u64,
    /// Bytes that the caller received.
    pub bytes_in: u64,
}
