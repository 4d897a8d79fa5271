//! What the DNS told this host, and which name a flow has by it.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use umbra_agent_common::{
    answer::end_ns,
    flow::{FLAG_OTHER_ANY, FLAG_OTHER_OWN, FlowRecord},
    piece::PIECE_ANSWER,
    process::ProcessKey,
};

use super::Facts;
use crate::{
    flows::record,
    names::{
        answers::{Answers, Asker, EchVerdict, Others},
        dns::{Kind, Response, StreamReader},
        host::HostName,
    },
    probes::{AnsweredTable, Piece},
    system_program,
};

/// Programs that ask the DNS on behalf of a host's others.
const RESOLVERS: [&str; 9] = [
    "systemd-resolved",
    "dnsmasq",
    "nscd",
    "unbound",
    "named",
    "pdns_recursor",
    "kresd",
    "dnscrypt-proxy",
    "stubby",
];
/// Connections to name servers whose answers are put together at the same time.
const STREAMS_MAX: usize = 64;

/// The answers, and what there is of those that come in parts.
pub(super) struct Dns {
    answers: Answers<ProcessKey, u32>,
    /// Connections to name servers, by their sockets' cookies.
    streams: HashMap<u64, NameServer>,
    /// What the kernel knows.
    answered: AnsweredTable,
    /// Whether what a resolver of the host asks is a sign of a program's wish.
    has_resolvers: bool,
}

/// What a name server says over TCP.
struct NameServer {
    reader: StreamReader,
    /// TCP sequence number of the next byte.
    next: u32,
}

impl Dns {
    pub(super) fn new(answered: AnsweredTable, has_resolvers: bool) -> Self {
        Self {
            answers: Answers::default(),
            streams: HashMap::new(),
            answered,
            has_resolvers,
        }
    }

    /// Reads an answer that came in a datagram.
    pub(super) fn read_datagram(&mut self, piece: &Piece, facts: &mut Facts<'_>) {
        if let Ok(Some(response)) = Response::read(&piece.bytes) {
            self.learn(&response, piece, facts);
        }
    }

    /// Reads on what a name server says over TCP.
    pub(super) fn read_stream(&mut self, piece: &Piece, facts: &mut Facts<'_>) {
        let socket = piece.header.flow;
        let mut server = self.streams.remove(&socket).unwrap_or_else(|| NameServer {
            reader: StreamReader::default(),
            next: piece.header.sequence,
        });
        let seen = server.next.wrapping_sub(piece.header.sequence);
        // What was sent again is skipped; behind a gap no message is known to begin.
        let new = usize::try_from(seen)
            .ok()
            .and_then(|seen| piece.bytes.get(seen..));
        let Some(new) = new else { return };
        server.next = server.next.wrapping_add(u32::try_from(new.len()).unwrap_or(0));
        let mut responses = Vec::new();
        server.reader.push(new, |response| responses.push(response));
        for response in &responses {
            self.learn(response, piece, facts);
        }
        if self.streams.len() >= STREAMS_MAX
            && let Some(&other) = self.streams.keys().next()
        {
            // Any of them: answers over TCP are rare, and most are there in one piece.
            self.streams.remove(&other);
        }
        if server.reader.is_within() {
            self.streams.insert(socket, server);
        }
    }

    /// The name of the catalogue behind a flow, when it says none itself or may not mean the one that it says. `outer`
    /// is that name if it is one of the catalogue's.
    pub(super) fn behind(
        &self,
        flow: &FlowRecord,
        outer: Option<&HostName>,
        facts: &mut Facts<'_>,
    ) -> Option<(Arc<str>, u32)> {
        let (remote, now_ns) = (record::remote(flow).ip(), facts.now_ns);
        let others = Others {
            own: flow.flags & FLAG_OTHER_OWN != 0,
            any: flow.flags & FLAG_OTHER_ANY != 0,
        };
        // Who may have asked on its behalf: its own process first.
        let askers = facts.attribution.family(&flow.owner.process);
        let found = askers.iter().find_map(|asker| match outer {
            Some(_) => match self.answers.judge_ech(asker, remote, outer, now_ns, others) {
                EchVerdict::Real(asked) => Some(asked),
                EchVerdict::Grease | EchVerdict::Unknown => None,
            },
            None => self.answers.who(asker, remote, now_ns, others),
        })?;
        Some((found.name.clone(), found.wanted))
    }

    /// Whether an answer gave `address` for a name of the catalogue.
    pub(super) fn may_lead_to_a_name(&self, address: IpAddr, now_ns: u64) -> bool {
        self.answers.is_wanted(address, now_ns)
    }

    fn learn(&mut self, response: &Response, piece: &Piece, facts: &mut Facts<'_>) {
        let now_ns = piece.header.time_ns;
        let process = piece.header.process;
        let asker = Asker {
            key: process,
            is_resolver: self.has_resolvers
                && facts
                    .attribution
                    .executable(&process)
                    .is_some_and(|path| system_program::is_one_of(&path, &RESOLVERS)),
        };
        if process.pid == std::process::id() {
            return;
        }
        let wanted = facts.names.number(response.question.as_str());
        self.answers
            .learn_response(&asker, response, wanted.as_ref(), now_ns);
        let is_read_by_the_kernel =
            piece.header.kind == PIECE_ANSWER && matches!(response.kind, Kind::A | Kind::Aaaa);
        if wanted.is_some() && !is_read_by_the_kernel {
            for &(address, ttl) in &response.addresses {
                self.answered.add(address, end_ns(ttl, now_ns));
            }
        }
    }
}
