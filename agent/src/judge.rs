//! Says which name a flow has that the kernel could not name by itself: what it sends is read here, and where it goes is
//! held against the DNS.
//!
//! A name of the catalogue that the flow says itself stands. Without one, or when the hello is encrypted, the DNS
//! decides by the rules of [`crate::names::answers`], and at last the addresses that were looked up, if that is
//! configured. A flow without any of them is taken out and forgotten, with all that was read of it.

mod undecided;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use umbra_agent_common::{
    flow::{
        EVIDENCE_ADDRESS, EVIDENCE_ANSWER, EVIDENCE_CONNECT, EVIDENCE_HTTP, EVIDENCE_PIECES, EVIDENCE_SOCKS,
        FLAG_ECH, FLAG_GREETED, FLAG_OTHER_ANY, FLAG_OTHER_OWN, FlowRecord, VIA_CONNECT, VIA_HTTP,
        VIA_SOCKS4, VIA_SOCKS5,
    },
    piece::{PIECE_ANSWER, PIECE_ANSWERS},
    process::ProcessKey,
};
use umbra_report::Evidence;

use crate::{
    attribution::Attribution,
    discovery::addresses::Addresses,
    flows::record,
    losses::{Loss, Losses},
    names::{
        Names,
        answers::{Answers, Asker, EchVerdict, GRACE, Others},
        client::{Asked, Via, ViaProtocol},
        dns::{Kind, Response, StreamReader},
        host::HostName,
    },
    probes::{AddressTable, AnsweredTable, Piece},
};
use undecided::{Read, Undecided};

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

/// What became of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// More of it has to come.
    Wait,
    /// It is none of the catalogue's.
    Outside,
    /// It is one of the catalogue's.
    Named(Named),
}

/// The name of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Number of the catalogue's pattern.
    pub pattern: u32,
    /// The name asked for: lower case, no trailing dot. Empty when the address alone tells (evidence `ip`).
    pub name: Arc<str>,
    /// How the name is known.
    pub evidence: Evidence,
    /// Whether the name was encrypted in the hello.
    pub ech: bool,
    /// The proxies that the flow goes through.
    pub via: Option<Via>,
}

/// What a judge goes by.
pub struct Facts<'a> {
    /// The catalogue.
    pub names: &'a Names,
    /// Who is who on this host.
    pub attribution: &'a mut Attribution,
    /// ns since boot.
    pub now_ns: u64,
}

/// Judges flows.
pub struct Judge {
    undecided: Undecided,
    answers: Answers<ProcessKey, u32>,
    /// Connections to name servers, by their sockets' cookies.
    streams: HashMap<u64, NameServer>,
    answered: AnsweredTable,
    /// Addresses of catalogue names, and the kernel's table of them; `None`: none are looked up.
    addresses: Option<(Addresses, AddressTable)>,
    losses: Arc<Losses>,
}

impl Judge {
    /// Begins with nothing known.
    pub fn new(
        answered: AnsweredTable,
        addresses: Option<(Addresses, AddressTable)>,
        losses: Arc<Losses>,
    ) -> Self {
        Self {
            undecided: Undecided::new(losses.clone()),
            answers: Answers::default(),
            streams: HashMap::new(),
            answered,
            addresses,
            losses,
        }
    }

    /// Reads a piece; gives the flow that it belongs to, when that may now be judged. `record` tells of a flow that is
    /// not known yet, if the kernel still has it.
    pub fn read(
        &mut self,
        piece: &Piece,
        facts: &mut Facts<'_>,
        record: impl FnOnce() -> Option<FlowRecord>,
    ) -> Option<u64> {
        match piece.header.kind {
            PIECE_ANSWER => {
                if let Ok(Some(response)) = Response::read(&piece.bytes) {
                    self.learn(&response, piece, facts);
                }
                None
            }
            PIECE_ANSWERS => {
                self.read_answers(piece, facts);
                None
            }
            _ => self
                .undecided
                .read(piece, record, |asked| wanted(asked, facts.names).is_some())
                .then_some(piece.header.flow),
        }
    }

    /// Judges the flow under `key`; `at_last` when nothing more of it will come.
    pub fn judge(&mut self, key: u64, flow: &FlowRecord, at_last: bool, facts: &mut Facts<'_>) -> Judgement {
        let judgement = if flow.pattern == 0 {
            self.weigh(key, flow, at_last, facts)
        } else {
            Judgement::Named(self.confirm(flow, facts))
        };
        if judgement != Judgement::Wait {
            self.undecided.forget(key);
        }
        judgement
    }

    /// Forgets a flow that is gone.
    pub fn forget(&mut self, key: u64) {
        self.undecided.forget(key);
    }

    /// Tells the kernel which addresses belong to names of the catalogue, if that is configured.
    pub fn keep_house(&mut self, names: &Names) {
        if let Some((addresses, table)) = &mut self.addresses {
            table.set(addresses.current(), |name| names.number(name));
        }
    }

    /// A flow that the kernel found a name of the catalogue for. If its hello is encrypted, that may be a front's.
    fn confirm(&self, flow: &FlowRecord, facts: &mut Facts<'_>) -> Named {
        let via = via(flow, None);
        if flow.flags & FLAG_ECH != 0
            && via.is_none()
            && let Some(outer) = HostName::read(record::name(flow))
            && let Some((name, pattern)) = self.behind(&Case::of(flow, facts), Some(&outer))
        {
            return Named {
                pattern,
                name,
                evidence: Evidence::Dns,
                ech: true,
                via,
            };
        }
        Named {
            pattern: flow.pattern,
            name: record::text(flow).into(),
            evidence: match flow.evidence {
                EVIDENCE_ADDRESS => Evidence::Ip,
                EVIDENCE_HTTP => Evidence::HttpHost,
                EVIDENCE_CONNECT => Evidence::ProxyConnect,
                EVIDENCE_SOCKS => Evidence::Socks,
                _ => Evidence::TlsSni,
            },
            ech: false,
            via,
        }
    }

    /// A flow that the kernel found no name for.
    fn weigh(&mut self, key: u64, flow: &FlowRecord, at_last: bool, facts: &mut Facts<'_>) -> Judgement {
        let said = match flow.evidence {
            EVIDENCE_PIECES => match self.undecided.said(key, at_last) {
                Read::Wait => return Judgement::Wait,
                Read::Nothing => None,
                Read::Asked(asked) => Some(asked),
            },
            _ => None,
        };
        let via = via(flow, said.as_ref().and_then(|asked| asked.via));
        let ech = flow.flags & FLAG_ECH != 0 || said.as_ref().is_some_and(|asked| asked.ech);
        let says_one = said.as_ref().is_some_and(|asked| asked.name.is_some());
        let said = said.and_then(|asked| Some((wanted(&asked, facts.names)?, asked)));
        let named = |name: Arc<str>, pattern, evidence, ech| {
            Judgement::Named(Named {
                pattern,
                name,
                evidence,
                ech,
                via,
            })
        };
        // Behind a proxy the address is the proxy's.
        if via.is_none() && (ech || !says_one) {
            let outer = said.as_ref().and_then(|(_, asked)| asked.name.as_ref());
            if let Some((name, pattern)) = self.behind(&Case::of(flow, facts), outer) {
                return named(name, pattern, Evidence::Dns, ech);
            }
        }
        if let Some((pattern, asked)) = said
            && let Some(name) = asked.name
        {
            return named(name.as_str().into(), pattern, asked.evidence, false);
        }
        if ech && flow.evidence == EVIDENCE_ANSWER {
            self.losses.add(Loss::NameEncrypted, 1);
        }
        let remote = record::remote(flow).ip();
        let looked_up = (via.is_none() && !says_one)
            .then(|| self.addresses.as_ref()?.1.number(remote))
            .flatten();
        match looked_up {
            Some(pattern) => named("".into(), pattern, Evidence::Ip, ech),
            None => Judgement::Outside,
        }
    }

    /// The name of the catalogue behind a flow by the DNS, when it says none itself or may not mean the one that it
    /// says. `outer` is that name if it is one of the catalogue's.
    fn behind(&self, case: &Case, outer: Option<&HostName>) -> Option<(Arc<str>, u32)> {
        let found = case.askers.iter().find_map(|asker| match outer {
            Some(_) => match self
                .answers
                .judge_ech(asker, case.remote, outer, case.now_ns, case.others)
            {
                EchVerdict::Real(asked) => Some(asked),
                EchVerdict::Grease | EchVerdict::Unknown => None,
            },
            None => self.answers.who(asker, case.remote, case.now_ns, case.others),
        })?;
        Some((found.name.clone(), found.wanted))
    }

    fn read_answers(&mut self, piece: &Piece, facts: &mut Facts<'_>) {
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

    fn learn(&mut self, response: &Response, piece: &Piece, facts: &mut Facts<'_>) {
        let now_ns = piece.header.time_ns;
        let process = piece.header.process;
        // While the agent itself looks names up, what a resolver asks is no sign of a program's wish.
        let may_resolve = self.addresses.is_none();
        let asker = Asker {
            key: process,
            is_resolver: may_resolve
                && facts
                    .attribution
                    .executable(&process)
                    .is_some_and(|path| is_resolver(&path)),
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
            let grace = u64::try_from(GRACE.as_nanos()).unwrap_or(0);
            for &(address, ttl) in &response.addresses {
                self.answered
                    .add(address, now_ns + u64::from(ttl) * 1_000_000_000 + grace);
            }
        }
    }
}

/// What a name server says over TCP.
struct NameServer {
    reader: StreamReader,
    /// TCP sequence number of the next byte.
    next: u32,
}

/// A flow before the judge.
struct Case {
    remote: IpAddr,
    others: Others,
    /// Who may have asked on its behalf: its own process first.
    askers: Vec<ProcessKey>,
    now_ns: u64,
}

impl Case {
    fn of(flow: &FlowRecord, facts: &mut Facts<'_>) -> Self {
        Self {
            remote: record::remote(flow).ip(),
            others: Others {
                own: flow.flags & FLAG_OTHER_OWN != 0,
                any: flow.flags & FLAG_OTHER_ANY != 0,
            },
            askers: facts.attribution.family(&flow.owner.process),
            now_ns: facts.now_ns,
        }
    }
}

/// Number of the pattern that holds for the name that is asked for.
fn wanted(asked: &Asked, names: &Names) -> Option<u32> {
    names.number(asked.name.as_ref()?.as_str())
}

/// Where the system's programs lie: what a user calls by such a name at home is none.
const SYSTEM: [&str; 5] = ["/usr/", "/lib/", "/sbin/", "/bin/", "/nix/store/"];

fn is_resolver(executable: &str) -> bool {
    let name = executable.rsplit('/').next().unwrap_or(executable);
    RESOLVERS.contains(&name) && SYSTEM.iter().any(|place| executable.starts_with(place))
}

/// The proxies of a flow: those that the kernel saw, and those behind them.
fn via(flow: &FlowRecord, behind: Option<Via>) -> Option<Via> {
    let protocol = match flow.via {
        VIA_HTTP => ViaProtocol::Http,
        VIA_CONNECT => ViaProtocol::HttpConnect,
        VIA_SOCKS4 => ViaProtocol::Socks4,
        VIA_SOCKS5 => ViaProtocol::Socks5,
        _ => return behind,
    };
    Some(Via {
        protocol,
        hops: flow.hops + behind.map_or(0, |behind| behind.hops),
    })
}

/// Whether what comes of a flow begins behind a greeting of SOCKS 5.
fn is_greeted(flow: &FlowRecord) -> bool {
    flow.flags & FLAG_GREETED != 0
}
