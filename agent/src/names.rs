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

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

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

/// Catalogues whose numbers are known: that of now and those of flows that opened before it.
const EDITIONS: usize = 3;

/// Which of the catalogues that the kernel has had: no two that are there at the same time have numbers in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edition {
    /// What the numbers of patterns are counted from.
    pub base: u32,
    /// Which half of the groups is its own.
    pub odd: bool,
}

/// Vendors and services by pattern number, shared between all flows to them.
pub struct Names {
    /// The newest last; never empty.
    editions: VecDeque<(Edition, Catalogue)>,
    /// By pattern number; as many as the editions have patterns at most.
    known: HashMap<u32, Arc<Service>>,
}

impl Names {
    /// Of `catalogue`, the one that the kernel programs were given.
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            editions: [(Edition::default(), catalogue)].into(),
            known: HashMap::new(),
        }
    }

    /// Looks names up in another catalogue from now on, once `in_kernel` has put it in the old one's place. Numbers that
    /// flows have been given keep their meaning until two more have come.
    pub fn replace<E>(
        &mut self,
        catalogue: Catalogue,
        in_kernel: impl FnOnce((Edition, &Catalogue), (Edition, &Catalogue)) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some((old, of_old)) = self.editions.back() else {
            return Ok(());
        };
        let patterns = u32::try_from(of_old.patterns().count()).unwrap_or(u32::MAX);
        let new = Edition {
            base: old.base.saturating_add(patterns),
            odd: !old.odd,
        };
        in_kernel((*old, of_old), (new, &catalogue))?;
        self.editions.push_back((new, catalogue));
        if self.editions.len() > EDITIONS {
            self.editions.pop_front();
        }
        let first = self.editions.front().map_or(0, |(edition, _)| edition.base);
        self.known.retain(|number, _| *number > first);
        Ok(())
    }

    /// Whose names pattern `number` matches; `None` for a number that no catalogue has.
    pub fn service(&mut self, number: u32) -> Option<Arc<Service>> {
        if let Some(service) = self.known.get(&number) {
            return Some(service.clone());
        }
        let (edition, catalogue) = self
            .editions
            .iter()
            .rev()
            .find(|(edition, _)| number > edition.base)?;
        let found = catalogue.pattern(number - edition.base)?;
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
        let (edition, catalogue) = self.editions.back()?;
        catalogue.lookup(name).map(|found| edition.base + found.number)
    }

    /// Names that can be looked up in the DNS: all patterns without a wildcard.
    pub fn resolvable(&self) -> Vec<Arc<str>> {
        let catalogues = self.editions.back();
        catalogues
            .into_iter()
            .flat_map(|(_, catalogue)| catalogue.patterns())
            .filter_map(|found| found.resolvable().map(Arc::from))
            .collect()
    }
}

#[cfg(test)]
mod tests;
