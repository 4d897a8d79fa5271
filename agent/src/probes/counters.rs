//! What the kernel programs counted.

use std::{fmt, sync::Arc};

use aya::maps::{Map, MapData, PerCpuArray};
use umbra_agent_common::counter::{COUNTERS, Counter};

use super::{ProbeError, map_error};

/// Reads the map `COUNTERS`; clones read the same.
#[derive(Clone)]
pub struct Counters(Arc<PerCpuArray<MapData, u64>>);

/// Sums over all processors since the start, by [`Counter`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; COUNTERS as usize]);

impl fmt::Debug for Counters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Counters")
    }
}

impl Counters {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        PerCpuArray::try_from(map)
            .map(|map| Self(Arc::new(map)))
            .map_err(map_error("COUNTERS"))
    }

    /// The sums now.
    pub fn read(&self) -> Result<Counts, ProbeError> {
        let mut counts = Counts::default();
        for counter in Counter::ALL {
            let values = self.0.get(&(counter as u32), 0).map_err(map_error("COUNTERS"))?;
            counts.0[counter as usize] = values.iter().sum();
        }
        Ok(counts)
    }
}

impl Counts {
    /// One counter's sum.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Each with its sum.
    pub fn iter(&self) -> impl Iterator<Item = (Counter, u64)> + '_ {
        Counter::ALL
            .into_iter()
            .map(|counter| (counter, self.get(counter)))
    }
}
