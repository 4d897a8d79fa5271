//! Names: what they are, how a flow gives its own away, and what the catalogue says of them.

pub mod answers;
pub mod client;
pub mod dns;
mod fields;
pub mod host;
pub mod http;
pub(crate) mod pieces;
pub mod quic;
pub mod socks;
pub mod target;
pub mod tls;

use std::{collections::HashMap, sync::Arc};

use umbra_catalog::{Catalogue, Kind};

/// Whose name it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Vendor's name.
    pub vendor: Arc<str>,
    /// Service's name.
    pub service: Arc<str>,
    /// Kind of the service.
    pub kind: Kind,
    /// The pattern's text: the name that was looked up, for a flow that is known by its address alone.
    pub host: Arc<str>,
}

/// Vendors and services by pattern number, shared between all flows to them.
pub struct Names {
    catalogue: Catalogue,
    /// By pattern number; as many as the catalogue has patterns at most.
    known: HashMap<u32, Arc<Service>>,
}

impl Names {
    /// Of `catalogue`, the one that the kernel programs were given.
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue,
            known: HashMap::new(),
        }
    }

    /// Whose names pattern `number` matches; `None` for a number that the catalogue does not have.
    pub fn service(&mut self, number: u32) -> Option<Arc<Service>> {
        if let Some(service) = self.known.get(&number) {
            return Some(service.clone());
        }
        let found = self.catalogue.pattern(number)?;
        let service = Arc::new(Service {
            vendor: found.vendor_name().into(),
            service: found.service_name().into(),
            kind: found.kind(),
            host: found.host().into(),
        });
        self.known.insert(number, service.clone());
        Some(service)
    }

    /// Number of the pattern that holds for `name`.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.catalogue.lookup(name).map(|found| found.number)
    }

    /// Names that can be looked up in the DNS: all patterns without a wildcard.
    pub fn resolvable(&self) -> Vec<Arc<str>> {
        self.catalogue
            .patterns()
            .filter_map(|found| found.resolvable().map(Arc::from))
            .collect()
    }
}
