//! What is between client and server: proxies, one or several, on the same host.

use super::{get, tool};
use crate::TestBed;
use crate::clients::Call;
use crate::machine::program;
use crate::proxies::{Proxy, SQUID_USER};
use crate::scorecard::caused::{Caller, Span};
use crate::scorecard::stage::{OPENAI, direct};
use crate::scorecard::{Caused, Group, Scenario};
use crate::truth::Connection;

/// Most bytes that asking a proxy takes, and its answer; or what a proxy adds to a request.
const ASKING: u64 = 1_000;
const PATH: &str = "/bytes/20000";

pub(super) fn all() -> Vec<Scenario> {
    let dante = ("danted", Proxy::dante as fn(&TestBed) -> Proxy);
    let squid = ("squid", Proxy::squid as fn(&TestBed) -> Proxy);
    vec![
        through("connect", "CONNECT to squid", squid, "http"),
        through("socks5-name", "SOCKS 5 to dante, by name", dante, "socks5h"),
        through("socks5-address", "SOCKS 5 to dante, by address", dante, "socks5"),
        through("socks4", "SOCKS 4 to dante", dante, "socks4"),
        through(
            "socks4a",
            "SOCKS 4a to a proxy of our own",
            ("curl", Proxy::socks4a),
            "socks4a",
        ),
        Scenario::new(
            Group::Proxy,
            "plain-proxy",
            "HTTP without TLS, by way of squid",
            |stage| {
                program("squid")?;
                let proxy = Proxy::squid(&stage.bed);
                let tool = tool("curl")?.with(&["--proxy", &proxy.url("http")]);
                stage.bed.run(&tool, &Call::plain(OPENAI.name, PATH));
                let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
                Ok(truth
                    .iter()
                    .map(|it| asked(it, &proxy, &Caller::of(&tool)))
                    .collect())
            },
        ),
        Scenario::new(
            Group::Proxy,
            "proxy-chain",
            "a tinyproxy that asks squid",
            |stage| {
                program("squid")?;
                program("tinyproxy")?;
                let squid = Proxy::squid(&stage.bed);
                let tinyproxy = Proxy::tinyproxy(&stage.bed, Some(squid.address));
                let tool = tool("curl")?.with(&["--proxy", &tinyproxy.url("http")]);
                stage.bed.run(&tool, &get(PATH));
                let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
                Ok(truth
                    .iter()
                    .map(|it| asked(it, &tinyproxy, &Caller::of(&tool)))
                    .collect())
            },
        ),
        Scenario::new(
            Group::Proxy,
            "proxy-by-proxy",
            "a client that asks dante for squid",
            |stage| {
                program("squid")?;
                program("danted")?;
                let (dante, squid) = (Proxy::dante(&stage.bed), Proxy::squid(&stage.bed));
                let tool =
                    tool("curl")?.with(&["--preproxy", &dante.url("socks5h"), "--proxy", &squid.url("http")]);
                stage.bed.run(&tool, &get(PATH));
                let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
                Ok(truth
                    .iter()
                    .map(|it| asked(it, &dante, &Caller::of(&tool)))
                    .collect())
            },
        ),
        Scenario::new(
            Group::Proxy,
            "proxy-itself",
            "the flow that squid makes for a client",
            |stage| {
                program("squid")?;
                let proxy = Proxy::squid(&stage.bed);
                let tool = tool("curl")?.with(&["--proxy", &proxy.url("http")]);
                stage.bed.run(&tool, &get(PATH));
                let exe = proxy.exe.to_string_lossy().into_owned();
                let squid = Caller {
                    program: exe.clone(),
                    exe,
                    ..Caller::of(&tool).by(SQUID_USER)
                };
                let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
                Ok(truth.iter().map(|it| direct(OPENAI, it, &squid)).collect())
            },
        ),
    ]
}

/// curl by way of a proxy that is asked by a scheme.
fn through(
    id: &str,
    what: &str,
    (needs, start): (&'static str, fn(&TestBed) -> Proxy),
    scheme: &'static str,
) -> Scenario {
    Scenario::new(Group::Proxy, id, what, move |stage| {
        program(needs)?;
        let proxy = start(&stage.bed);
        let tool = tool("curl")?.with(&["--proxy", &proxy.url(scheme)]);
        stage.bed.run(&tool, &get(PATH));
        let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
        Ok(truth
            .iter()
            .map(|it| asked(it, &proxy, &Caller::of(&tool)))
            .collect())
    })
}

/// A client's flow to a proxy, which carries what the server counted and what it takes to ask.
pub(super) fn asked(connection: &Connection, proxy: &Proxy, caller: &Caller) -> Caused {
    Caused {
        to: proxy.address,
        bytes: Span::of(connection).give_or_take(ASKING),
        ..direct(OPENAI, connection, caller)
    }
}
