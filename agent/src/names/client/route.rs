//! The way through proxies to what is asked for, as far as the client has told it.

use umbra_report::Evidence;

use super::{Asked, MOST_HOPS, Via, ViaProtocol};
use crate::names::{host::HostName, target::Target};

/// Times that a client asks a proxy for the same tunnel again. Where it authenticates in steps (RFC 4559), two or
/// three are usual.
const MOST_REPEATS: u8 = 8;

/// What was asked for, and of which proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    asked: Option<Asked>,
    /// What the last request was for, if it was a `CONNECT` that was seen whole.
    connect: Option<Target>,
    /// Its target as a [number](umbra_agent_common::target); 0: it was none.
    number: u32,
    repeats: u8,
}

impl Route {
    pub(super) fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Of a client whose last request was a `CONNECT` for the target of this number.
    pub(super) fn behind(number: u32) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// A proxy is asked for a tunnel by `CONNECT`, with a target of this number; gives whether the reader should go on
    /// in it.
    pub(super) fn by_connect(&mut self, target: Target, number: u32) -> bool {
        if self.number == number {
            // Refused, most likely by 407 (Proxy Authentication Required), and tried again.
            self.repeats += 1;
            self.connect = Some(target);
            return self.repeats <= MOST_REPEATS;
        }
        let goes_on = self.proxy(ViaProtocol::HttpConnect, &target, Evidence::ProxyConnect);
        self.connect = Some(target);
        self.number = number;
        goes_on
    }

    /// The same by SOCKS.
    pub(super) fn by_socks(&mut self, protocol: ViaProtocol, target: &Target) -> bool {
        self.connect = None;
        self.number = 0;
        self.proxy(protocol, target, Evidence::Socks)
    }

    /// A proxy is asked to pass on a plain request; gives whether that was within the limit.
    pub(super) fn passed_on(&mut self, target: &Target) -> bool {
        if self.connect.as_ref() == Some(target) {
            // To the proxy that refused the tunnel, or through the tunnel: the same name in any case.
            self.ends_at_host(target);
            return true;
        }
        self.proxy(ViaProtocol::Http, target, Evidence::HttpHost)
    }

    /// The way ends with a request that says `name` or nothing of the host, with encrypted client hello or without.
    pub(super) fn ends_at(&mut self, name: Option<&HostName>, evidence: Evidence, ech: bool) {
        let asked = self.asked.get_or_insert(Asked {
            name: None,
            address: None,
            evidence,
            ech,
            via: None,
        });
        asked.ech = ech;
        // With encrypted client hello the hello's name may be that of a front. The proxy was told the true one.
        let is_front = ech && asked.name.is_some();
        if name.is_some() && (!is_front || asked.name.as_ref() == name) {
            asked.name = name.cloned();
            asked.address = None;
            asked.evidence = evidence;
        }
    }

    /// The way ends with a plain HTTP request to `host`.
    pub(super) fn ends_at_host(&mut self, host: &Target) {
        self.ends_at(host.name(), Evidence::HttpHost, false);
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.name.is_none()) {
            asked.address = host.address();
        }
    }

    /// One proxy more, which is asked for `target`; gives whether that was within the limit. A name asked for before
    /// was this proxy's, so it goes.
    fn proxy(&mut self, protocol: ViaProtocol, target: &Target, evidence: Evidence) -> bool {
        let outer = self.asked.take().and_then(|asked| asked.via);
        let hops = outer.map_or(1, |outer| outer.hops + 1);
        let follows = hops <= MOST_HOPS;
        self.asked = Some(Asked {
            name: target.name().filter(|_| follows).cloned(),
            address: target.address().filter(|_| follows),
            evidence,
            ech: false,
            via: Some(Via {
                protocol: outer.map_or(protocol, |outer| outer.protocol),
                hops: hops.min(MOST_HOPS),
            }),
        });
        follows
    }
}
