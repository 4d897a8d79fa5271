//! Turns the kernel's bells into what happened to flows: each is opened once, makes progress while it lives, and is
//! closed once.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use jiff::Timestamp;
use umbra_agent_common::{
    event::{Event, FLOW_CLOSED},
    flow::{EVIDENCE_ADDRESS, FlowRecord, OWNER_AT_CONNECT, Owner},
};
use umbra_report::{Evidence, Protocol};

use crate::{
    clock::Clock,
    probes::{self, ProbeError},
};

/// A flow whose close the kernel does not tell (older than the agent) is taken for closed after this silence.
const SILENCE_NS: u64 = 3600 * 1_000_000_000;

/// What does not change about a flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Unique on this host.
    pub id: String,
    /// Who opened it.
    pub owner: Owner,
    /// When it was opened.
    pub opened: Timestamp,
    /// Number of the catalogue's pattern.
    pub pattern: u32,
    /// The name asked for: lower case, no trailing dot. Empty when the address alone tells (evidence `ip`).
    pub name: Arc<str>,
    /// How the name is known.
    pub evidence: Evidence,
    /// Transport.
    pub protocol: Protocol,
    /// Where it goes.
    pub remote: SocketAddr,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The flow got its name.
    Opened,
    /// Bytes moved.
    Moved,
    /// It ended.
    Closed,
}

/// Something happened to a flow.
#[derive(Clone, Debug)]
pub struct Change {
    /// The flow.
    pub flow: Arc<Flow>,
    /// What happened.
    pub step: Step,
    /// When.
    pub time: Timestamp,
    /// Bytes sent since the flow's last change.
    pub new_out: u64,
    /// Bytes received since then.
    pub new_in: u64,
    /// Bytes sent in all.
    pub bytes_out: u64,
    /// Bytes received in all.
    pub bytes_in: u64,
}

struct Live {
    flow: Arc<Flow>,
    bytes_out: u64,
    bytes_in: u64,
}

impl Live {
    /// The record went without a close.
    fn vanished(self) -> Change {
        Change {
            flow: self.flow,
            step: Step::Closed,
            time: Timestamp::now(),
            new_out: 0,
            new_in: 0,
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
        }
    }
}

/// The flows that live.
pub struct Flows {
    kernel: probes::Flows,
    /// By socket cookie; as many as the kernel's table holds at most.
    live: HashMap<u64, Live>,
}

impl Flows {
    /// Reads from the kernel's table.
    pub fn new(kernel: probes::Flows) -> Self {
        Self {
            kernel,
            live: HashMap::new(),
        }
    }

    /// Whether any flow lives.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// What an event says.
    pub fn on_event(&mut self, event: Event, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        match self.kernel.get(event.cookie)? {
            Some(record) => self.look(event.cookie, &record, event.kind == FLOW_CLOSED, changes),
            // Told already: an earlier bell found the record closed and took it out.
            None => Ok(()),
        }
    }

    /// Looks at every living flow; and at all that the kernel has when `all`, because a bell may have been lost.
    pub fn poll(&mut self, all: bool, now_ns: u64, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        let mut cookies: HashSet<u64> = self.live.keys().copied().collect();
        if all {
            cookies.extend(self.kernel.cookies());
        }
        for cookie in cookies {
            match self.kernel.get(cookie)? {
                Some(record) => {
                    let silent = record.owner.source != OWNER_AT_CONNECT
                        && now_ns.saturating_sub(record.last_ns) > SILENCE_NS;
                    self.look(cookie, &record, silent, changes)?;
                }
                None => changes.extend(self.live.remove(&cookie).map(Live::vanished)),
            }
        }
        Ok(())
    }

    fn look(
        &mut self,
        cookie: u64,
        record: &FlowRecord,
        closed: bool,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        let clock = Clock::now();
        let live = self.live.entry(cookie).or_insert_with(|| {
            let flow = Arc::new(flow(cookie, record, &clock));
            changes.push(Change {
                flow: flow.clone(),
                step: Step::Opened,
                time: clock.time(record.named_ns),
                new_out: 0,
                new_in: 0,
                bytes_out: 0,
                bytes_in: 0,
            });
            Live {
                flow,
                bytes_out: 0,
                bytes_in: 0,
            }
        });
        let closed = closed || record.closed != 0;
        // The last count is exact and may be a byte less than the one before: a FIN is no payload.
        let new_out = record.bytes_out.saturating_sub(live.bytes_out);
        let new_in = record.bytes_in.saturating_sub(live.bytes_in);
        if closed || new_out > 0 || new_in > 0 {
            changes.push(Change {
                flow: live.flow.clone(),
                step: if closed { Step::Closed } else { Step::Moved },
                time: clock.time(record.last_ns),
                new_out,
                new_in,
                bytes_out: record.bytes_out,
                bytes_in: record.bytes_in,
            });
            live.bytes_out = record.bytes_out;
            live.bytes_in = record.bytes_in;
        }
        if closed {
            self.live.remove(&cookie);
            self.kernel.remove(cookie)?;
        }
        Ok(())
    }
}

fn flow(cookie: u64, record: &FlowRecord, clock: &Clock) -> Flow {
    let length = (record.name_length as usize).min(record.name.len());
    let [a, b, c, d, ..] = record.remote_address;
    let address = match record.family {
        4 => IpAddr::from(Ipv4Addr::new(a, b, c, d)),
        _ => IpAddr::from(Ipv6Addr::from(record.remote_address)),
    };
    Flow {
        id: format!("{:x}-{cookie:x}", record.opened_ns),
        owner: record.owner,
        opened: clock.time(record.opened_ns),
        pattern: record.pattern,
        name: record.name[..length]
            .iter()
            .copied()
            .map(letter)
            .collect::<String>()
            .into(),
        evidence: if record.evidence == EVIDENCE_ADDRESS {
            Evidence::Ip
        } else {
            Evidence::TlsSni
        },
        protocol: Protocol::Tcp,
        remote: SocketAddr::new(address, record.remote_port),
    }
}

/// A byte of a name in lower case. A client may write what it likes below a suffix of the catalogue: what no host name
/// has (RFC 1123, section 2.1, and `_`) is shown as `?`, so that it steers no terminal and no parser.
fn letter(byte: u8) -> char {
    match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => byte.into(),
        b'A'..=b'Z' => byte.to_ascii_lowercase().into(),
        _ => '?',
    }
}

#[cfg(test)]
mod tests;
