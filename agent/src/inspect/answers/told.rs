//! What the DNS told of a flow, and which of it its line gives.

use umbra_report::Evidence;

use crate::{
    inspect::stream::Found,
    names::{client::Asked, host::HostName},
};

/// What the DNS told of a flow.
#[derive(Debug, Default)]
pub(in crate::inspect) struct Told {
    /// The name that the flow had when it began if the first or the second end is its client.
    pub(super) names: [Option<HostName>; 2],
    pub(super) front: Front,
}

/// The outer name in a hello with encrypted client hello.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Front {
    /// None was seen so far.
    #[default]
    Unseen,
    /// It stands for another name.
    Of(HostName),
    /// It is the true name, or it is not known whether it is.
    Uncertain,
}

impl Told {
    /// What the flow asks for, its client being the end `client`.
    ///
    /// `found` is what it says itself. That stands, but for the name of a front. Where it goes behind a proxy, the DNS
    /// does not know; and who asks for an address in the clear wants that, and no name.
    pub(in crate::inspect) fn add_to(mut self, found: Option<Found>, client: usize) -> Option<Found> {
        let name = self.names.get_mut(client).and_then(Option::take);
        let Some(mut found) = found else {
            return name.map(|name| Found {
                asked: Asked {
                    name: Some(name),
                    address: None,
                    evidence: Evidence::Dns,
                    ech: false,
                    via: None,
                },
                whole: false,
            });
        };
        let in_hello = matches!(found.asked.evidence, Evidence::TlsSni | Evidence::QuicSni);
        let by_dns = if found.front().is_some() {
            match self.front {
                Front::Of(name) => Some(name),
                Front::Unseen | Front::Uncertain => None,
            }
        } else if in_hello && found.asked.name.is_none() && found.asked.via.is_none() {
            name
        } else {
            None
        };
        if by_dns.is_some() {
            found.asked.name = by_dns;
            found.asked.evidence = Evidence::Dns;
        }
        Some(found)
    }
}
