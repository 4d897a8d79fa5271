//! Says which name a flow has that the kernel could not name by itself: what it sends is read here, and where it goes is
//! held against the DNS.
//!
//! A name of the catalogue that the flow says itself stands. Without one, or when the hello is encrypted, the DNS
//! decides by the rules of [`crate::names::answers`], and at last the addresses that were looked up, if that is
//! configured. A flow without any of them is taken out and forgotten, with all that was read of it.

mod listeners;
mod undecided;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use umbra_agent_common::{
    flow::{
        EVIDENCE_ANSWER, EVIDENCE_CONNECT, EVIDENCE_HTTP, EVIDENCE_PIECES, EVIDENCE_SOCKS, FLAG_ECH, FLAG_GREETED,
        FLAG_OTHER_ANY, FLAG_OTHER_OWN, FlowRecord, VIA_CONNECT, VIA_HTTP, VIA_SOCKS4, VIA_SOCKS5,
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

/// Judges flows.
pub struct Judge {
    undecided: Undecided,
    answers: Answers<ProcessKey, u32>,
    /// Connections to name servers, by their sockets' cookies.
    streams: HashMap<u64, StreamReader>,
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
        names: &Names,
        attribution: &mut Attribution,
        record: impl FnOnce() -> Option<FlowRecord>,
    ) -> Option<u64> {
        match piece.header.kind {
            PIECE_ANSWER => {
                if let Ok(Some(response)) = Response::read(&piece.bytes) {
                    self.learn(&response, piece, names, attribution);
                }
                None
            }
            PIECE_ANSWERS => {
                self.read_answers(piece, names, attribution);
                None
            }
            _ => self.undecided.read(piece, record).then_some(piece.header.flow),
        }
    }

    /// Judges the flow under `key`; `at_last` when nothing more of it will come.
    pub fn judge(
        &mut self,
        key: u64,
        flow: &FlowRecord,
        at_last: bool,
        now_ns: u64,
        names: &Names,
        attribution: &mut Attribution,
    ) -> Judgement {
        let judgement = self.weigh(key, flow, at_last, now_ns, names, attribution);
        if judgement != Judgement::Wait {
            self.undecided.forget(key);
        }
        judgement
    }

    /// Flows that were waited for long enough.
    pub fn overdue(&mut self, now_ns: u64) -> Vec<u64> {
        self.undecided.overdue(now_ns)
    }

    /// Tells the kernel which addresses belong to names of the catalogue, if that is configured.
    pub fn keep_house(&mut self, names: &Names) {
        if let Some((addresses, table)) = &mut self.addresses {
            table.set(addresses.current(), |name| names.number(name));
        }
    }

    fn weigh(
        &mut self,
        key: u64,
        flow: &FlowRecord,
        at_last: bool,
        now_ns: u64,
        names: &Names,
        attribution: &mut Attribution,
    ) -> Judgement {
        let owner = &flow.owner.process;
        let case = Case {
            remote: record::remote(flow).ip(),
            others: Others {
                own: flow.flags & FLAG_OTHER_OWN != 0,
                any: flow.flags & FLAG_OTHER_ANY != 0,
            },
            askers: attribution.family(owner),
            now_ns,
        };
        let said = match flow.evidence {
            EVIDENCE_PIECES => match self.undecided.said(key, at_last, |asked| is_wanted(asked, names)) {
                Read::Wait => return Judgement::Wait,
                Read::Nothing => None,
                Read::Asked(asked) => Some(asked),
            },
            EVIDENCE_ANSWER => None,
            _ => Some(said_to_the_kernel(flow)),
        };
        let via = via(flow, said.as_ref().and_then(|asked| asked.via));
        let ech = flow.flags & FLAG_ECH != 0 || said.as_ref().is_some_and(|asked| asked.ech);
        let name = said.as_ref().and_then(|asked| asked.name.as_ref());
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
        let behind = if via.is_some() { None } else { self.behind(&case, name, ech) };
        if let Some((name, pattern)) = behind {
            return named(name, pattern, Evidence::Dns, ech);
        }
        if let (Some(name), Some(asked)) = (name, &said)
            && let Some(pattern) = names.number(name.as_str())
        {
            return named(name.as_str().into(), pattern, asked.evidence, false);
        }
        if ech {
            self.losses.add(Loss::NameEncrypted, 1);
        }
        let looked_up = (via.is_none() && name.is_none())
            .then(|| self.addresses.as_ref()?.1.number(case.remote))
            .flatten();
        match looked_up {
            Some(pattern) => named("".into(), pattern, Evidence::Ip, ech),
            None => Judgement::Outside,
        }
    }

    /// The name of the catalogue behind a flow that says none, or whose hello is encrypted, by the DNS.
    fn behind(&self, case: &Case, name: Option<&HostName>, ech: bool) -> Option<(Arc<str>, u32)> {
        let found = case.askers.iter().find_map(|asker| match name {
            Some(_) if ech => {
                match self.answers.judge_ech(asker, case.remote, name, case.now_ns, case.others) {
                    EchVerdict::Real(asked) => Some(asked),
                    EchVerdict::Grease | EchVerdict::Unknown => None,
                }
            }
            Some(_) => None,
            None => self.answers.who(asker, case.remote, case.now_ns, case.others),
        })?;
        Some((found.name.clone(), found.wanted))
    }

    fn read_answers(&mut self, piece: &Piece, names: &Names, attribution: &mut Attribution) {
        let socket = piece.header.flow;
        if self.streams.len() >= STREAMS_MAX && !self.streams.contains_key(&socket) {
            // Any of them: answers over TCP are rare, and most are there in one piece.
            if let Some(&other) = self.streams.keys().next() {
                self.streams.remove(&other);
            }
        }
        let mut reader = self.streams.remove(&socket).unwrap_or_default();
        let mut responses = Vec::new();
        reader.push(&piece.bytes, |response| responses.push(response));
        for response in &responses {
            self.learn(response, piece, names, attribution);
        }
        if reader.held() > 0 {
            self.streams.insert(socket, reader);
        }
    }

    fn learn(&mut self, response: &Response, piece: &Piece, names: &Names, attribution: &mut Attribution) {
        let now_ns = piece.header.time_ns;
        let process = piece.header.process;
        let asker = Asker {
            key: process,
            is_resolver: attribution.executable(&process).is_some_and(|path| is_resolver(&path)),
        };
        let wanted = names.number(response.question.as_str());
        self.answers.learn_response(&asker, response, wanted.as_ref(), now_ns);
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

/// A flow before the judge.
struct Case {
    remote: IpAddr,
    others: Others,
    /// Who may have asked on its behalf: its own process first.
    askers: Vec<ProcessKey>,
    now_ns: u64,
}

fn is_wanted(asked: &Asked, names: &Names) -> bool {
    asked
        .name
        .as_ref()
        .is_some_and(|name| names.number(name.as_str()).is_some())
}

fn is_resolver(executable: &str) -> bool {
    let name = executable.rsplit('/').next().unwrap_or(executable);
    RESOLVERS.contains(&name)
}

/// What the kernel read.
fn said_to_the_kernel(flow: &FlowRecord) -> Asked {
    Asked {
        name: HostName::read(record::name(flow)),
        evidence: match flow.evidence {
            EVIDENCE_HTTP => Evidence::HttpHost,
            EVIDENCE_CONNECT => Evidence::ProxyConnect,
            EVIDENCE_SOCKS => Evidence::Socks,
            _ => Evidence::TlsSni,
        },
        ech: flow.flags & FLAG_ECH != 0,
        via: None,
    }
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
