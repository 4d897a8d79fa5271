//! Where a scenario is played: a test bed of its own, and the observer that watches it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::caused::{Caller, Span};
use super::observer::{Observer, Watch};
use super::scenario::Missing;
use super::{Caused, Observed};
use crate::TestBed;
use crate::clients::{Call, Tool, named};
use crate::machine::program;
use crate::name_server;
use crate::process::Process;
use crate::truth::Connection;
use crate::wait::eventually;

/// A name of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The name.
    pub name: &'static str,
    /// Whose it is.
    pub vendor: &'static str,
}

/// Leads to [`Stage::address`].
pub const OPENAI: Known = known("api.openai.com", "OpenAI");
/// Leads to `::1`.
pub const ANTHROPIC: Known = known("api.anthropic.com", "Anthropic");
/// Leads to [`Stage::address`].
pub const GEMINI: Known = known("generativelanguage.googleapis.com", "Google");
/// Leads nowhere, unless a scenario has a name server that knows it.
pub const MISTRAL: Known = known("api.mistral.ai", "Mistral AI");
/// Outside the catalogue; lead to [`Stage::address`].
pub const OUTSIDE: [&str; 2] = ["front.example", "proxy.example"];

/// The port of mail servers that take mail of users.
pub const SUBMISSION: u16 = 587;
/// Asks for a second hello.
pub const AGAIN: u16 = 9443;

const SERVES: [&str; 12] = [
    "--plain",
    "80",
    "--again",
    "9443",
    "--starttls",
    "587",
    "--quic",
    "443",
    "--quic-retry",
    "8443",
    "--issue",
    "proxy.example",
];
/// For documentation (RFC 5737): an answer that leads to a loopback address is no evidence.
const ANSWERED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 8));
/// How long the server may take to write down what it counted.
const SOON: Duration = Duration::from_secs(10);
/// How long further connections of a browser are waited for.
const AFTERMATH: Duration = Duration::from_millis(300);

/// A test bed with an observer.
pub struct Stage<'o> {
    // Dropped in this order: who watches a namespace goes before it.
    watch: Option<Box<dyn Watch>>,
    observer: &'o dyn Observer,
    /// The bed.
    pub bed: TestBed,
    /// Where the names lead: an address of no other stage on this host.
    pub address: IpAddr,
}

impl<'o> Stage<'o> {
    pub(super) fn new(observer: &'o dyn Observer) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let [.., high, low] = process::id().to_be_bytes();
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes()[3];
        let address = IpAddr::V4(Ipv4Addr::new(127, high | 1, low, count | 1));
        let mut hosts = vec![
            (address, OPENAI.name),
            (IpAddr::V6(Ipv6Addr::LOCALHOST), ANTHROPIC.name),
            (address, GEMINI.name),
        ];
        hosts.extend(OUTSIDE.map(|name| (address, name)));
        Self {
            watch: None,
            observer,
            bed: TestBed::serving(&hosts, &SERVES),
            address,
        }
    }

    /// The observer begins to watch.
    pub fn watch(&mut self) {
        assert!(self.watch.is_none(), "the scenario starts the observer twice");
        self.watch = Some(self.observer.watch(&self.bed));
    }

    /// Ends the observer, once it has said what there is to say of these flows, and gives all that it said.
    pub(super) fn finish(self, caused: &[Caused]) -> Vec<Observed> {
        let watch = self.watch.expect("the scenario never started the observer");
        watch.finish(&|seen| {
            let is_told = |truth: &Caused| {
                let mut there = seen.iter().filter(|it| it.to == Some((truth.protocol, truth.to)));
                there.any(|it| it.names.iter().any(|name| name == truth.name) && it.bytes.is_some())
            };
            seen.len() >= caused.len() && caused.iter().all(is_told)
        })
    }

    /// Runs a client to its end, and gives its flows as the server counted them.
    pub fn call(&self, tool: &Tool, known: Known, call: &Call<'_>) -> Vec<Caused> {
        self.bed.run(tool, call);
        self.called(tool, known, call)
    }

    /// Says something to the server by hand, which takes it as it comes.
    pub fn say(&self, known: Known, port: u16, text: &[u8], manner: &[&str]) -> Result<Vec<Caused>, Missing> {
        let (_, truth) = self.bed.say(known.name, port, text, manner);
        let caller = Caller::of(&named("rustls"));
        Ok(vec![direct(known, &truth, &caller)])
    }

    /// A name server that knows a name, whose address is one that the DNS may give.
    pub fn answering(&self, known: Known) -> Result<Process, Missing> {
        program("dnsmasq")?;
        self.bed.add_address(ANSWERED);
        let record = format!("--host-record={},{ANSWERED},60", known.name);
        Ok(name_server::start(
            &mut self.bed.command("dnsmasq"),
            "127.0.0.1",
            &[&record],
        ))
    }

    /// The flows of a client that has run.
    pub fn called(&self, tool: &Tool, known: Known, call: &Call<'_>) -> Vec<Caused> {
        let is_its = |truth: &Connection| {
            // A browser connects ahead of need, with no request at all.
            let by_path = truth
                .path
                .as_deref()
                .map_or(tool.has_helpers, |path| path == call.path);
            let name = truth.name.as_deref().or(truth.host.as_deref());
            by_path && name == Some(known.name)
        };
        let mut connections = self.counted(1, |truth| {
            truth.path.as_deref() == Some(call.path) && is_its(truth)
        });
        if tool.has_helpers {
            thread::sleep(AFTERMATH);
            connections = self.counted(1, is_its);
        }
        for truth in &connections {
            // One without a request may as well be broken off.
            let is_whole = truth.error.is_none() || tool.has_helpers;
            assert!(is_whole, "the server could not serve: {truth:?}");
        }
        let caller = Caller::of(tool).by(call.uid.unwrap_or(0));
        connections.iter().map(|it| direct(known, it, &caller)).collect()
    }

    /// What the server counted of so many connections at least.
    pub fn counted(&self, least: usize, wanted: impl Fn(&Connection) -> bool) -> Vec<Connection> {
        eventually(SOON, || {
            let mut connections = self.bed.connections();
            let all = connections.len();
            connections.retain(&wanted);
            let enough = connections.len() >= least;
            enough.then_some(connections).ok_or_else(|| {
                format!(
                    "of {all} connections the server counted fewer than {least} that the scenario is about"
                )
            })
        })
    }
}

/// A flow that goes straight to the server.
pub fn direct(known: Known, connection: &Connection, caller: &Caller) -> Caused {
    Caused {
        name: known.name,
        vendor: known.vendor,
        protocol: connection.protocol,
        to: SocketAddr::new(connection.local.ip().to_canonical(), connection.local.port()),
        caller: caller.clone(),
        bytes: Span::of(connection),
    }
}

const fn known(name: &'static str, vendor: &'static str) -> Known {
    Known { name, vendor }
}
