//! A flow for tests of what comes behind.

use jiff::Timestamp;
use umbra_agent_common::flow::Owner;
use umbra_report::{Evidence, Protocol};

use super::Flow;

/// A flow of nobody, at the first minute of March 2026 at noon.
pub(crate) fn flow(id: &str) -> Flow {
    Flow {
        id: id.to_owned(),
        owner: Owner::default(),
        opened: "2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap(),
        pattern: 1,
        name: "api.openai.com".into(),
        evidence: Evidence::TlsSni,
        ech: false,
        via: None,
        protocol: Protocol::Tcp,
        remote: "192.0.2.7:443".parse().unwrap(),
    }
}
