//! Turns the kernel's bells into what happened to flows: each is opened once, makes progress while it lives, and is
//! closed once.

mod change;
pub mod record;

#[cfg(test)]
pub(crate) mod made_up;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use umbra_agent_common::{
    event::{Event, FLOW_CLOSED, SOCKET_CLOSED},
    flow::{EVIDENCE_PIECES, FlowRecord, OWNER_AT_CONNECT},
};
use umbra_report::Protocol;

pub use change::{Change, Flow, Step};

use crate::{
    clock::Clock,
    judge::{Facts, Judge, Judgement, Named},
    probes::{self, ProbeError, Verdicts},
};

/// A flow whose close the kernel does not tell (older than the agent) is taken for closed after this silence.
const SILENCE_NS: u64 = 3600 * 1_000_000_000;
/// So is a QUIC connection on a socket that is used on: after this silence its peers have given it up, too
/// (RFC 9000, section 10.1; five minutes are the longest idle time-out in use).
const DATAGRAM_SILENCE_NS: u64 = 300 * 1_000_000_000;
/// How long more of a flow is waited for. A hello that takes longer to send is sent by nobody.
const PATIENCE_NS: u64 = 30 * 1_000_000_000;

/// Whether more of a flow may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It may.
    NotSeen,
    /// It has ended, but the last that it said may lie among the pieces that nobody has read.
    Seen,
    /// It has ended, and all pieces that came before that have been read.
    Read,
}

struct Live {
    flow: Arc<Flow>,
    /// Cookie of its socket.
    socket: u64,
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
    verdicts: Verdicts,
    /// By the kernel's key; as many as the kernel's table holds at most.
    live: HashMap<u64, Live>,
    /// Sockets of the flows that are not decided, by the same key.
    pending: HashMap<u64, u64>,
    /// Those of them whose end has been seen.
    ended: HashSet<u64>,
}

impl Flows {
    /// Reads from the kernel's table.
    pub fn new(kernel: probes::Flows, verdicts: Verdicts) -> Self {
        Self {
            kernel,
            verdicts,
            live: HashMap::new(),
            pending: HashMap::new(),
            ended: HashSet::new(),
        }
    }

    /// Whether no flow lives or is waited for.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && self.pending.is_empty()
    }

    /// Whether the flow under `key` has a name.
    pub fn is_named(&self, key: u64) -> bool {
        self.live.contains_key(&key)
    }

    /// What the kernel has under `key`.
    pub fn record(&self, key: u64) -> Result<Option<FlowRecord>, ProbeError> {
        self.kernel.get(key)
    }

    /// What an event says.
    pub fn on_event(
        &mut self,
        event: Event,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        if event.kind != SOCKET_CLOSED {
            let end = if event.kind == FLOW_CLOSED {
                End::Seen
            } else {
                End::NotSeen
            };
            return self.look_at_end(event.cookie, end, judge, facts, changes);
        }
        let live = self.live.iter().map(|(key, live)| (*key, live.socket));
        let pending = self.pending.iter().map(|(key, socket)| (*key, *socket));
        let closed: Vec<u64> = live
            .chain(pending)
            .filter(|(_, socket)| *socket == event.cookie)
            .map(|(key, _)| key)
            .collect();
        for key in closed {
            self.look_at_end(key, End::Seen, judge, facts, changes)?;
        }
        Ok(())
    }

    /// Looks at one flow.
    pub fn look_at(
        &mut self,
        key: u64,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        self.look_at_end(key, End::NotSeen, judge, facts, changes)
    }

    /// Flows that have ended undecided. Once all pieces have been read that came before this call, they are to be
    /// judged by [`Flows::judge_at_last`].
    pub fn take_ended(&mut self) -> HashSet<u64> {
        std::mem::take(&mut self.ended)
    }

    /// Judges flows of which nothing more will come, and nothing is unread.
    pub fn judge_at_last(
        &mut self,
        ended: HashSet<u64>,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        for key in ended {
            self.look_at_end(key, End::Read, judge, facts, changes)?;
        }
        Ok(())
    }

    fn look_at_end(
        &mut self,
        key: u64,
        end: End,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        if let Some(record) = self.kernel.get(key)? {
            return self.look(key, &record, end, judge, facts, changes);
        }
        // Told already: an earlier bell found the record closed and took it out.
        self.pending.remove(&key);
        judge.forget(key);
        Ok(())
    }

    /// Looks at every living flow; and at all that the kernel has when `all`, because a bell may have been lost.
    pub fn poll(
        &mut self,
        all: bool,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        let mut keys: HashSet<u64> = self.live.keys().copied().collect();
        if all {
            keys.extend(self.kernel.keys());
        }
        for key in keys {
            match self.kernel.get(key)? {
                Some(record) => {
                    let end = if is_silent(&record, facts.now_ns) {
                        End::Seen
                    } else {
                        End::NotSeen
                    };
                    self.look(key, &record, end, judge, facts, changes)?;
                }
                None => changes.extend(self.live.remove(&key).map(Live::vanished)),
            }
        }
        Ok(())
    }

    /// Judges the flows that are waited for no longer by what there is of them.
    pub fn hurry(
        &mut self,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        let pending: Vec<u64> = self.pending.keys().copied().collect();
        for key in pending {
            if let Some(record) = self.kernel.get(key)? {
                let is_over = facts.now_ns.saturating_sub(record.named_ns) > PATIENCE_NS;
                let end = if is_over || record.closed != 0 {
                    End::Seen
                } else {
                    End::NotSeen
                };
                self.decide(key, &record, end, judge, facts, changes)?;
            } else {
                self.pending.remove(&key);
                judge.forget(key);
            }
        }
        Ok(())
    }

    fn look(
        &mut self,
        key: u64,
        record: &FlowRecord,
        mut end: End,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        if end == End::NotSeen && record.closed != 0 {
            end = End::Seen;
        }
        if !self.live.contains_key(&key) {
            self.decide(key, record, end, judge, facts, changes)?;
        }
        let closed = end != End::NotSeen;
        let Some(live) = self.live.get_mut(&key) else {
            return Ok(());
        };
        // The last count is exact and may be a byte less than the one before: a FIN is no payload.
        let new_out = record.bytes_out.saturating_sub(live.bytes_out);
        let new_in = record.bytes_in.saturating_sub(live.bytes_in);
        if closed || new_out > 0 || new_in > 0 {
            changes.push(Change {
                flow: live.flow.clone(),
                step: if closed { Step::Closed } else { Step::Moved },
                time: Clock::now().time(record.last_ns),
                new_out,
                new_in,
                bytes_out: record.bytes_out,
                bytes_in: record.bytes_in,
            });
            live.bytes_out = record.bytes_out;
            live.bytes_in = record.bytes_in;
        }
        if closed {
            self.live.remove(&key);
            self.kernel.remove(key)?;
        }
        Ok(())
    }

    /// Opens the flow when it is one of the catalogue's, and takes it out of the kernel's table when it is not.
    fn decide(
        &mut self,
        key: u64,
        record: &FlowRecord,
        end: End,
        judge: &mut Judge,
        facts: &mut Facts<'_>,
        changes: &mut Vec<Change>,
    ) -> Result<(), ProbeError> {
        let named = match judge.judge(key, record, end == End::Read, facts) {
            Judgement::Wait => {
                self.pending.insert(key, record.socket);
                if end == End::Seen {
                    self.ended.insert(key);
                }
                return Ok(());
            }
            Judgement::Outside => {
                self.pending.remove(&key);
                return self.kernel.remove(key);
            }
            Judgement::Named(named) => named,
        };
        self.pending.remove(&key);
        if record.evidence == EVIDENCE_PIECES {
            self.verdicts.enough(key);
        }
        let clock = Clock::now();
        let flow = Arc::new(flow(key, record, named, &clock));
        changes.push(Change {
            flow: flow.clone(),
            step: Step::Opened,
            time: clock.time(record.named_ns),
            new_out: 0,
            new_in: 0,
            bytes_out: 0,
            bytes_in: 0,
        });
        let live = Live {
            flow,
            socket: record.socket,
            bytes_out: 0,
            bytes_in: 0,
        };
        self.live.insert(key, live);
        Ok(())
    }
}

/// Whether a flow whose close the kernel may not tell is over.
fn is_silent(record: &FlowRecord, now_ns: u64) -> bool {
    let silence = now_ns.saturating_sub(record.last_ns);
    match record::protocol(record) {
        Protocol::Udp => silence > DATAGRAM_SILENCE_NS,
        Protocol::Tcp => record.owner.source != OWNER_AT_CONNECT && silence > SILENCE_NS,
    }
}

fn flow(key: u64, record: &FlowRecord, named: Named, clock: &Clock) -> Flow {
    Flow {
        id: format!("{:x}-{key:x}", record.opened_ns),
        owner: record.owner,
        opened: clock.time(record.opened_ns),
        pattern: named.pattern,
        name: named.name,
        evidence: named.evidence,
        ech: named.ech,
        via: named.via,
        protocol: record::protocol(record),
        remote: record::remote(record),
    }
}
