//! QUIC through a SOCKS 5 proxy (UDP ASSOCIATE) is named and counted like any other, and so is the proxy's own.

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::bed::Run;
use umbra_tests::clients::{Call, Tool, named};
use umbra_tests::event::{Flow, Via};
use umbra_tests::proxies::Proxy;
use umbra_tests::skip::{Need, spared};
use umbra_tests::truth::Connection;

use crate::expect::{Evidence, QUIC, SOCKS_OF_UDP, agreement, check_by, is_of, nothing_lost, untold};
use crate::names::{ANTHROPIC, Known, OPENAI, OUTSIDE, bed_serving, outside};
use crate::quic_beginnings::quic_or_skipped;
use crate::through::relayed_to;

const PORTS: [&str; 2] = ["--quic", "443"];
const DANTE: [Need; 1] = [Need::Program("danted")];
/// Who dante is when it sends.
const DANTE_USER: u32 = 0;

/// A call through the proxy, and its flows once agent and server agree on them to the byte: what the proxy is told
/// before each datagram is not counted.
fn flows(agent: &Agent, bed: &TestBed, proxy: &Proxy, tool: &Tool, call: &Call<'_>) -> (Run, Vec<Flow>) {
    let run = bed.run(
        tool,
        &Call {
            proxy: Some(("socks5", proxy.address)),
            ..*call
        },
    );
    let is_its = |truth: &Connection| truth.path.as_deref() == Some(call.path);
    let flows = agreement(agent, bed, |event| is_of(event, tool, &run, bed), is_its);
    (run, flows)
}

/// Checks a client's flow to the proxy.
fn asked(flow: &Flow, evidence: Evidence, known: &Known, proxy: &Proxy) -> Known {
    // The proxy has a port for each client.
    let (ip, port) = (proxy.address.ip(), flow.open.dst.port);
    let via = Via {
        protocol: "socks5".to_owned(),
        ip,
        port,
        hops: 1,
    };
    assert_eq!(flow.open.via.as_ref(), Some(&via));
    assert_eq!(flow.open.relays, None);
    assert_eq!(flow.open.evidence, evidence.0);
    Known {
        address: ip,
        port,
        ..*known
    }
}

#[test]
fn quic_is_named_through_a_proxy() {
    let Some(bed) = bed_serving(&DANTE, &PORTS) else {
        return;
    };
    let proxy = Proxy::dante(&bed);
    let agent = Agent::start(&Setup::default());
    for (turn, (client, manner)) in [
        ("quinn", &[][..]),
        ("quinn", &["--by-name"]),
        ("quinn", &["--connected"]),
        // Large writes leave as one buffer, which the device takes apart (UDP_SEGMENT).
        ("quinn", &["--upload", "200000", "--connected", "--by-name"]),
        ("aioquic", &[]),
        ("aioquic", &["names"]),
        ("aioquic-long", &[]),
        ("aioquic-v2", &["names"]),
    ]
    .into_iter()
    .enumerate()
    {
        // One of each kind shows a processor that is emulated all that the others would.
        if turn > 1 && spared("other ways to send through the proxy") {
            break;
        }
        let Some(tool) = quic_or_skipped(client) else {
            continue;
        };
        let (tool, path) = (tool.with(manner), format!("/bytes/20000/{turn}"));
        let (run, flows) = flows(&agent, &bed, &proxy, &tool, &Call::to(OPENAI.name, &path));
        println!("{client:<13} {manner:?} {} flow(s)", flows.len());
        assert_eq!(flows.len(), 1, "{flows:?}");
        let known = asked(&flows[0], QUIC, &OPENAI, &proxy);
        check_by(&flows[0], QUIC, &known, &tool, &run, &bed, 0);
        relayed_to(&OPENAI, QUIC, &agent, &bed, &proxy, DANTE_USER, &flows[0]);
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

#[test]
fn connections_through_one_socket_at_the_proxy_are_several_flows() {
    let Some(bed) = bed_serving(&DANTE, &PORTS) else {
        return;
    };
    let proxy = Proxy::dante(&bed);
    let agent = Agent::start(&Setup::default());
    for (turn, manner) in [
        &[][..],
        &["--connected"],
        &["--by-name"],
        &["--connected", "--by-name"],
    ]
    .into_iter()
    .enumerate()
    {
        if turn % 2 == 1 && spared("a socket that is connected to the proxy") {
            continue;
        }
        let path = format!("/bytes/20000/{turn}");
        let also = format!("https://{}{path}", ANTHROPIC.name);
        let tool = named("quinn").with(&["--also", &also]).with(manner);
        let (_, mut flows) = flows(&agent, &bed, &proxy, &tool, &Call::to(OPENAI.name, &path));
        flows.sort_unstable_by(|one, other| one.open.name.cmp(&other.open.name));
        assert_eq!(flows.len(), 2, "{manner:?}: {flows:?}");
        let truth = bed.connections();
        for (flow, known) in flows.iter().zip([&ANTHROPIC, &OPENAI]) {
            assert_eq!(flow.open.name, known.name, "{manner:?}");
            asked(flow, QUIC, known, &proxy);
            let bytes = flow.bytes().expect("it is closed");
            let of_it = |truth: &&Connection| {
                truth.path.as_ref() == Some(&path) && truth.name.as_deref() == Some(known.name)
            };
            let truth = truth.iter().find(of_it).expect("the server saw it");
            assert!(truth.is_counted_as(bytes), "{manner:?}: {bytes:?} of {truth:?}");
            relayed_to(known, QUIC, &agent, &bed, &proxy, DANTE_USER, flow);
        }
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

#[test]
fn a_hello_without_a_name_has_that_which_the_proxy_was_told() {
    if spared("what the proxy was told") {
        return;
    }
    let Some(bed) = bed_serving(&DANTE, &PORTS) else {
        return;
    };
    let proxy = Proxy::dante(&bed);
    let agent = Agent::start(&Setup::default());
    let nameless = named("quinn").with(&["--nameless", "localhost"]);
    let tool = nameless.clone().with(&["--by-name"]);
    let call = Call::to(OPENAI.name, "/bytes/1000/named");
    let (run, flows) = flows(&agent, &bed, &proxy, &tool, &call);
    let known = asked(&flows[0], SOCKS_OF_UDP, &OPENAI, &proxy);
    check_by(&flows[0], SOCKS_OF_UDP, &known, &tool, &run, &bed, 0);
    // The address alone says nothing.
    let call = Call {
        proxy: Some(("socks5", proxy.address)),
        ..Call::to(OPENAI.name, "/bytes/1000/nameless")
    };
    let run = bed.run(&nameless, &call);
    untold(agent, [], &[run.process.pid()]);
}

#[test]
fn a_name_outside_the_catalogue_is_not_told_of_quic_through_a_proxy() {
    if spared("names outside, through a proxy") {
        return;
    }
    let Some(bed) = bed_serving(&DANTE, &PORTS) else {
        return;
    };
    let proxy = Proxy::dante(&bed);
    let agent = Agent::start(&Setup::default());
    let mut pids = Vec::new();
    for manner in [&[][..], &["--by-name"]] {
        for (_, name) in OUTSIDE {
            let call = Call {
                proxy: Some(("socks5", proxy.address)),
                ..Call::to(name, "/bytes/1000")
            };
            pids.push(bed.run(&named("quinn").with(manner), &call).process.pid());
        }
    }
    untold(agent, outside(), &pids);
}
