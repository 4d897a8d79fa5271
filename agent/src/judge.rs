//! Says which name a flow has that the kernel could not name by itself: what it sends is read here, and where it goes is
//! held against the DNS.
//!
//! A name of the catalogue that the flow says itself stands. Without one, or when the hello is encrypted, the DNS
//! decides by the rules of [`crate::names::answers`], and at last the addresses that were looked up, if that is
//! configured. A flow without any of them is taken out and forgotten, with all that was read of it.

mod dns;
mod undecided;

use std::sync::Arc;

use umbra_agent_common::{
    flow::{
        EVIDENCE_ADDRESS, EVIDENCE_CONNECT, EVIDENCE_HTTP, EVIDENCE_PIECES, EVIDENCE_SOCKS, FLAG_ECH,
        FLAG_GREETED, FlowRecord, VIA_CONNECT, VIA_HTTP, VIA_SOCKS4, VIA_SOCKS5,
    },
    piece::{PIECE_ANSWER, PIECE_ANSWERS},
};
use umbra_report::Evidence;

use crate::{
    attribution::Attribution,
    discovery::addresses::Addresses,
    flows::record,
    losses::{Loss, Losses},
    names::{
        Names,
        client::{Asked, MOST_HOPS, Via, ViaProtocol},
        host::HostName,
    },
    probes::{AddressTable, AnsweredTable, Piece},
};
use dns::Dns;
use undecided::{Read, Undecided};

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
    dns: Dns,
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
            // While the agent itself looks names up, a resolver may ask on its behalf.
            dns: Dns::new(answered, addresses.is_none()),
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
                self.dns.read_datagram(piece, facts);
                None
            }
            PIECE_ANSWERS => {
                self.dns.read_stream(piece, facts);
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

    /// Looks up the names of another catalogue from now on, if that is configured.
    pub fn take_up(&mut self, names: &Names) {
        if let Some((addresses, _)) = &self.addresses {
            addresses.look_for(names.resolvable());
        }
        self.keep_house(names);
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
            && let Some((name, pattern)) = self.dns.behind(flow, Some(&outer), facts)
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
            name: record::host(flow).into(),
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
        // Who asks for an address in the clear wants that.
        let says_one = said.as_ref().is_some_and(|asked| host(asked).is_some());
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
            if let Some((name, pattern)) = self.dns.behind(flow, outer, facts) {
                return named(name, pattern, Evidence::Dns, ech);
            }
        }
        if let Some((pattern, asked)) = said {
            return named(host(&asked).unwrap_or_default(), pattern, asked.evidence, false);
        }
        let remote = record::remote(flow).ip();
        if ech && via.is_none() && self.dns.may_lead_to_a_name(remote, facts.now_ns) {
            self.losses.add(Loss::NameEncrypted, 1);
        }
        let looked_up = (via.is_none() && !says_one)
            .then(|| self.addresses.as_ref()?.1.number(remote))
            .flatten();
        match looked_up {
            Some(pattern) => named("".into(), pattern, Evidence::Ip, ech),
            None => Judgement::Outside,
        }
    }
}

/// Number of the pattern that holds for the host that is asked for.
fn wanted(asked: &Asked, names: &Names) -> Option<u32> {
    names.number(&host(asked)?)
}

/// The name that is asked for, or the address in its place: own catalogues have addresses, too.
fn host(asked: &Asked) -> Option<Arc<str>> {
    let name = asked.name.as_ref().map(|name| name.as_str().into());
    name.or_else(|| Some(asked.address?.to_string().into()))
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
        // Each of the two follows that many by itself.
        hops: (flow.hops + behind.map_or(0, |behind| behind.hops)).min(MOST_HOPS),
    })
}

/// Whether what comes of a flow begins behind a greeting of SOCKS 5.
fn is_greeted(flow: &FlowRecord) -> bool {
    flow.flags & FLAG_GREETED != 0
}
