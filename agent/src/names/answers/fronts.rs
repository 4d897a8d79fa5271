//! Which names the hellos to a name may show in its place.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::names::host::HostName;

/// Names with fronts that are kept; few of those that are wanted have any.
const MOST: usize = 4096;
/// Fronts that are kept for a name; the oldest goes first.
const MOST_OF_A_NAME: usize = 8;

/// Fronts by the name that they stand for.
#[derive(Debug, Default)]
pub(super) struct Fronts {
    by_name: HashMap<Arc<str>, Vec<Front>>,
    /// The names, the first to have come first.
    order: VecDeque<Arc<str>>,
    dropped: u64,
}

#[derive(Debug)]
struct Front {
    name: HostName,
    until_ns: u64,
}

impl Fronts {
    /// Remembers `front` of `name` up to `until_ns`.
    pub(super) fn learn(&mut self, name: &Arc<str>, front: &HostName, until_ns: u64, now_ns: u64) {
        if !self.by_name.contains_key(name) {
            self.order.push_back(name.clone());
        }
        let fronts = self.by_name.entry(name.clone()).or_default();
        let known = fronts.iter().find(|known| known.name == *front);
        let until_ns = known.map_or(until_ns, |known| known.until_ns.max(until_ns));
        fronts.retain(|known| known.name != *front && known.until_ns > now_ns);
        if fronts.len() == MOST_OF_A_NAME {
            fronts.remove(0);
            self.dropped += 1;
        }
        fronts.push(Front {
            name: front.clone(),
            until_ns,
        });
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            let fronts = self.by_name.remove(&oldest).unwrap_or_default();
            let held = fronts.iter().filter(|front| front.until_ns > now_ns);
            self.dropped += held.count() as u64;
        }
    }

    /// Whether hellos to `name` may show `front`.
    pub(super) fn has(&self, name: &str, front: &str, now_ns: u64) -> bool {
        let fronts = self.by_name.get(name).into_iter().flatten();
        let mut held = fronts.filter(|front| front.until_ns > now_ns);
        held.any(|known| known.name.as_str() == front)
    }

    /// Fronts that were dropped before they were over.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}
