//! The kernel's tables of flows and processes.

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use aya::maps::{HashMap, Map, MapData, MapError};
use umbra_agent_common::{
    answer::Answered,
    cgroup::CgroupPath,
    flow::FlowRecord,
    process::{Image, ImageKey, Process, ProcessKey},
};

use super::{ProbeError, map_error};

/// Flows of the catalogue, and flows that may be.
pub struct Flows(HashMap<MapData, u64, FlowRecord>);

impl Flows {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        HashMap::try_from(map).map(Self).map_err(map_error("FLOWS"))
    }

    /// The flow, if it is there.
    pub fn get(&self, cookie: u64) -> Result<Option<FlowRecord>, ProbeError> {
        found(self.0.get(&cookie, 0), "FLOWS")
    }

    /// Takes a flow out; one that is gone already is no error.
    pub fn remove(&mut self, cookie: u64) -> Result<(), ProbeError> {
        found(self.0.remove(&cookie), "FLOWS").map(drop)
    }

    /// The keys of all flows now.
    pub fn keys(&self) -> Vec<u64> {
        self.0.keys().filter_map(Result::ok).collect()
    }
}

/// Tells the kernel which flows the agent has read enough of.
pub struct Verdicts(HashMap<MapData, u64, u32>);

impl Verdicts {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        HashMap::try_from(map).map(Self).map_err(map_error("VERDICTS"))
    }

    /// No more of `flow` need go up. If the kernel cannot be told, it stops by itself after some packets.
    pub fn enough(&mut self, flow: u64) {
        let _ = self.0.insert(flow, 1, 0);
    }
}

/// Addresses that DNS answers gave for catalogue names, as the kernel knows them.
pub struct AnsweredTable(HashMap<MapData, [u8; 16], Answered>);

impl AnsweredTable {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        HashMap::try_from(map).map(Self).map_err(map_error("ANSWERS"))
    }

    /// Adds an address that the kernel could not read itself, until `until_ns` since boot.
    pub fn add(&mut self, address: IpAddr, until_ns: u64) {
        let key = bytes(address);
        let mut answered = self.0.get(&key, 0).unwrap_or_default();
        answered.wanted_until_ns = answered.wanted_until_ns.max(until_ns);
        // The kernel's table makes room by itself.
        let _ = self.0.insert(key, answered, 0);
    }
}

/// Addresses that were looked up for catalogue names.
pub struct AddressTable {
    kernel: HashMap<MapData, [u8; 16], u32>,
    /// What the kernel's table holds.
    written: std::collections::HashMap<IpAddr, u32>,
}

impl AddressTable {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        let kernel = HashMap::try_from(map).map_err(map_error("ADDRESSES"))?;
        Ok(Self {
            kernel,
            written: std::collections::HashMap::new(),
        })
    }

    /// Makes the table hold `addresses`, each with the number of its name's pattern.
    pub fn set(&mut self, addresses: Vec<(IpAddr, Arc<str>)>, number: impl Fn(&str) -> Option<u32>) {
        let wanted: std::collections::HashMap<IpAddr, u32> = addresses
            .into_iter()
            .filter_map(|(address, name)| Some((address, number(&name)?)))
            .collect();
        for address in self
            .written
            .keys()
            .filter(|address| !wanted.contains_key(address))
        {
            let _ = self.kernel.remove(&bytes(*address));
        }
        for (address, number) in &wanted {
            if self.written.get(address) != Some(number) {
                // A table that is full knows fewer addresses: evidence `ip` is a help, never a promise.
                let _ = self.kernel.insert(bytes(*address), number, 0);
            }
        }
        self.written = wanted;
    }
}

impl AddressTable {
    /// Number of the pattern for whose name `address` was looked up.
    pub fn number(&self, address: IpAddr) -> Option<u32> {
        self.written.get(&address).copied()
    }
}

/// As in a flow's record: IPv4 in the first four bytes, zeros behind.
fn bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(address) => address.octets(),
    }
}

/// Processes and what they executed.
pub struct Processes {
    processes: HashMap<MapData, ProcessKey, Process>,
    images: HashMap<MapData, ImageKey, Image>,
}

impl Processes {
    pub(super) fn new(processes: Map, images: Map) -> Result<Self, ProbeError> {
        Ok(Self {
            processes: HashMap::try_from(processes).map_err(map_error("PROCESSES"))?,
            images: HashMap::try_from(images).map_err(map_error("IMAGES"))?,
        })
    }

    /// A process that was forked or executed something since the agent started.
    pub fn process(&self, key: &ProcessKey) -> Option<Process> {
        self.processes.get(key, 0).ok()
    }

    /// What it executed.
    pub fn image(&self, key: &ImageKey) -> Option<Box<Image>> {
        self.images.get(key, 0).ok().map(Box::new)
    }

    /// Takes out what ended before `ended_before_ns` (since boot) and is no ancestor of a living process.
    ///
    /// Ancestors stay: who started a program is known by them. Returns the ids of all that stayed and of their parents.
    pub fn sweep(&mut self, ended_before_ns: u64) -> HashSet<u32> {
        let all: Vec<(ProcessKey, Process)> = self.processes.iter().filter_map(Result::ok).collect();
        let parents: std::collections::HashMap<ProcessKey, ProcessKey> =
            all.iter().map(|(key, process)| (*key, process.parent)).collect();
        let mut kept = HashSet::new();
        for (key, process) in &all {
            if process.exited_ns == 0 || process.exited_ns >= ended_before_ns {
                let mut ancestor = Some(*key);
                while let Some(key) = ancestor.filter(|key| kept.insert(*key)) {
                    ancestor = parents.get(&key).copied();
                }
            }
        }
        let mut images = HashSet::new();
        for (key, process) in &all {
            if kept.contains(key) {
                images.insert(process.image);
            } else {
                let _ = self.processes.remove(key);
            }
        }
        let unused: Vec<ImageKey> = self
            .images
            .keys()
            .filter_map(Result::ok)
            .filter(|key| !images.contains(key) && key.executed_ns < ended_before_ns)
            .collect();
        for key in unused {
            let _ = self.images.remove(&key);
        }
        kept.into_iter().map(|key| key.pid).collect()
    }
}

/// Control groups that were made since the agent started: the last ones.
pub struct Cgroups(HashMap<MapData, u64, CgroupPath>);

impl Cgroups {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        HashMap::try_from(map).map(Self).map_err(map_error("CGROUPS"))
    }

    /// The path of the group (v2) with that id. Bytes that are not UTF-8 are replaced.
    pub fn path(&self, id: u64) -> Option<String> {
        let made = self.0.get(&id, 0).ok()?;
        let path = made.path.get(..made.length as usize)?.strip_suffix(&[0])?;
        Some(String::from_utf8_lossy(path).into_owned())
    }
}

/// A key that is not there is an answer.
fn found<T>(result: Result<T, MapError>, map: &'static str) -> Result<Option<T>, ProbeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(MapError::KeyNotFound) => Ok(None),
        Err(MapError::SyscallError(error)) if error.io_error.raw_os_error() == Some(2) => Ok(None),
        Err(error) => Err(map_error(map)(error)),
    }
}
