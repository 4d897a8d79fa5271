//! What tests of proxies have in common.

use umbra_tests::TestBed;
use umbra_tests::agent::Agent;
use umbra_tests::bed::Run;
use umbra_tests::clients::Tool;
use umbra_tests::event::{Flow, Via};
use umbra_tests::proxies::Proxy;
use umbra_tests::truth::Bytes;
use umbra_tests::wait::eventually;

use crate::expect::{Evidence, SOON, TLS, check_by, check_name, flow_of, is_of};
use crate::names::{Known, OPENAI};

/// Most bytes that asking a proxy takes, and its answer; or what a proxy adds to a request.
const ASKING: u64 = 1_000;
/// The same, when it refuses with a page that says why.
const REFUSED: u64 = 5_000;

/// A call that was made through a proxy.
pub(crate) struct Through<'a> {
    agent: &'a Agent,
    bed: &'a TestBed,
    tool: &'a Tool,
    run: &'a Run,
    path: &'a str,
    asking: u64,
}

impl<'a> Through<'a> {
    pub(crate) fn new(
        agent: &'a Agent,
        bed: &'a TestBed,
        tool: &'a Tool,
        run: &'a Run,
        path: &'a str,
    ) -> Self {
        Self {
            agent,
            bed,
            tool,
            run,
            path,
            asking: ASKING,
        }
    }

    /// The proxy refused it at first.
    pub(crate) fn refused(mut self) -> Self {
        self.asking = REFUSED;
        self
    }

    /// Its flows, once they carried what the server counted and what it takes to ask the proxy.
    pub(crate) fn flows(&self) -> Vec<Flow> {
        eventually(SOON, || {
            let mut flows = self
                .agent
                .flows(|event| is_of(event, self.tool, self.run, self.bed));
            // Those of this call, when a program with helpers has made several.
            flows.retain(|flow| self.tool.has_helpers || flow.open.name == OPENAI.name);
            let bytes: Vec<_> = flows.iter().filter_map(Flow::bytes).collect();
            let mut connections = self.bed.connections();
            // A browser connects ahead of need.
            connections.retain(|truth| match &truth.path {
                None => self.tool.has_helpers,
                Some(path) => path == self.path,
            });
            let counted: Bytes = connections.iter().collect();
            let out = bytes.iter().map(|bytes| bytes.out).sum::<u64>();
            let r#in = bytes.iter().map(|bytes| bytes.r#in).sum::<u64>();
            let most = self.asking * flows.len() as u64;
            let fits = |seen: u64, counted: u64| counted > 0 && seen.abs_diff(counted) < most;
            let done = bytes.len() == flows.len() && fits(out, counted.out) && fits(r#in, counted.r#in);
            done.then_some(flows)
                .ok_or_else(|| format!("the agent saw {bytes:?}, the server {counted:?}"))
        })
    }

    /// Its flow, when there is one alone.
    pub(crate) fn only(&self) -> Flow {
        let mut flows = self.flows();
        assert_eq!(flows.len(), 1, "{flows:?}");
        flows.remove(0)
    }
}

/// Checks a client's flow to a proxy.
pub(crate) fn asked(flow: &Flow, evidence: Evidence, tool: &Tool, run: &Run, bed: &TestBed, via: &Via) {
    let proxy = Known {
        address: via.ip,
        port: via.port,
        ..OPENAI
    };
    check_by(flow, evidence, &proxy, tool, run, bed, 0);
    assert_eq!(flow.open.via.as_ref(), Some(via));
    assert_eq!(flow.open.relays, None);
}

/// Checks the flow that a proxy of `user` makes for another one: with the server, and its bytes to the byte.
pub(crate) fn relayed(agent: &Agent, bed: &TestBed, proxy: &Proxy, user: u32, client: &Flow) {
    relayed_to(&OPENAI, TLS, agent, bed, proxy, user, client);
}

/// The same to another server, or known otherwise.
pub(crate) fn relayed_to(
    known: &Known,
    evidence: Evidence,
    agent: &Agent,
    bed: &TestBed,
    proxy: &Proxy,
    user: u32,
    client: &Flow,
) {
    let relay = flow_of(agent, |event| {
        // The children of dante that connect are others than the one that was started.
        event.process.exe.as_deref() == proxy.exe.to_str()
            && event.relays.as_ref() == Some(&client.open.flow_id)
    });
    check_name(&relay.open, evidence, known);
    assert_eq!(relay.open.via, None);
    assert_eq!(relay.open.process.exe.as_deref(), proxy.exe.to_str());
    assert_eq!(relay.open.user.uid, user);
    assert_eq!(
        (relay.open.dst.ip, relay.open.dst.port),
        (known.address, known.port)
    );
    let bytes = relay.bytes().expect("it is closed");
    let truth = bed.connections_to(known.name);
    assert!(
        truth.iter().any(|truth| truth.is_counted_as(bytes)),
        "{bytes:?} of {truth:?}"
    );
}

pub(crate) fn via(protocol: &str, proxy: &Proxy, hops: u32) -> Via {
    Via {
        protocol: protocol.to_owned(),
        ip: proxy.address.ip(),
        port: proxy.address.port(),
        hops,
    }
}
