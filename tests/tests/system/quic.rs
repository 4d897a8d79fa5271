//! QUIC is named: by every client, over every kind of socket, with and without Retry.

use std::fs;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::bed::Run;
use umbra_tests::clients::{Call, Client, QUIC_CLIENTS, Tool, named};
use umbra_tests::machine::is_slow;
use umbra_tests::skip::{Need, skip, spared};
use umbra_tests::truth::Protocol;
use umbra_tests::wait::eventually;
use umbra_tests::{TestBed, nss};

use crate::expect::{QUIC, SOON, agreement, check_by, is_of, is_part_of, nothing_lost, untold};
use crate::names::{KNOWN, Known, OPENAI, OUTSIDE, bed_serving, outside, share};
use crate::quic_beginnings::quic_or_skipped;

/// On the second port each client is sent a Retry.
const PORTS: [&str; 4] = ["--quic", "443", "--quic-retry", "8443"];

/// Where the processor is emulated these show every kernel path: sendmsg, sendmsg on a socket of IPv6 to IPv4, connect.
const EMULATED: [&str; 3] = ["quinn", "quinn-connected", "quinn-mapped"];

#[test]
fn every_quic_client_is_named() {
    let Some(bed) = bed_serving(&[Need::Program("certutil")], &PORTS) else {
        return;
    };
    if !is_slow() {
        nss::trust(bed.dir(), &bed.authority(), OPENAI.name);
    }
    let agent = Agent::start(&Setup::default());
    for (turn, client) in QUIC_CLIENTS.iter().enumerate() {
        if !EMULATED.contains(&client.name) && spared(client.name) {
            continue;
        }
        match client.tool() {
            Ok(tool) => share(names(client), turn)
                .into_iter()
                .for_each(|known| calls(&agent, &bed, client, &tool, known)),
            Err(why) => skip(&format!("{}: {why}", client.name)),
        }
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

/// Firefox must be told beforehand which name speaks QUIC.
fn names(client: &Client) -> &'static [Known] {
    if client.name == "firefox-quic" {
        &KNOWN[..1]
    } else {
        &KNOWN
    }
}

fn calls(agent: &Agent, bed: &TestBed, client: &Client, tool: &Tool, known: &Known) {
    let path = format!("/bytes/20000/{}", client.name);
    let call = Call {
        port: known.port,
        ..Call::to(known.name, &path)
    };
    let run = bed.run(tool, &call);
    let flows = agreement(
        agent,
        bed,
        |event| event.name == known.name && event.protocol == "udp" && is_of(event, tool, &run, bed),
        |truth| truth.protocol == Protocol::Udp && is_part_of(truth, tool, known, &path),
    );
    println!("{:<15} {:<43} {} flow(s)", client.name, known.name, flows.len());
    for flow in &flows {
        check_by(flow, QUIC, known, tool, &run, bed, 0);
    }
}

#[test]
fn megabytes_over_quic_are_counted_in_both_directions() {
    let Some(bed) = bed_serving(&[], &PORTS) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let (count, path) = if is_slow() {
        (100_000, "/bytes/100000")
    } else {
        (2_000_000, "/bytes/2000000")
    };
    // Large writes leave as one buffer, which the device takes apart (UDP_SEGMENT).
    for manner in [&[][..], &["--connected"]] {
        let tool = named("quinn")
            .with(&["--upload", &count.to_string()])
            .with(manner);
        let run = bed.run(&tool, &Call::to(OPENAI.name, path));
        let (flow, truth) = eventually(SOON, || {
            let truth = bed.connections().pop().filter(|truth| truth.sent > count);
            let mut flows = agent.flows(|event| is_of(event, &tool, &run, &bed));
            let closed = flows.len() == 1 && flows[0].close.is_some();
            truth
                .filter(|_| closed)
                .map(|truth| (flows.remove(0), truth))
                .ok_or_else(|| format!("{:?}", bed.connections()))
        });
        check_by(&flow, QUIC, &OPENAI, &tool, &run, &bed, 0);
        let bytes = flow.bytes().expect("it is closed");
        assert!(bytes.out > count && bytes.r#in > count, "{bytes:?}");
        assert_eq!((bytes.out, bytes.r#in), (truth.received, truth.sent));
    }
    assert!(agent.stop().success());
}

#[test]
fn a_udp_socket_older_than_the_agent_is_named() {
    let Some(bed) = bed_serving(&[], &PORTS) else {
        return;
    };
    let signal = bed.dir().join("go");
    let wait = ["--wait", &signal.to_string_lossy()];
    let tools = [&[][..], &["--connected"]].map(|manner| named("quinn").with(&wait).with(manner));
    let path = |turn: usize| format!("/bytes/1000/{turn}");
    let mut runs: Vec<Run> = Vec::new();
    for (turn, tool) in tools.iter().enumerate() {
        let mut run = bed.start(tool, &Call::to(OPENAI.name, &path(turn)));
        run.process.said("open", Duration::from_secs(10));
        runs.push(run);
    }
    let agent = Agent::start(&Setup::default());
    fs::write(&signal, "").expect("the bed's own folder");
    for (turn, (run, tool)) in runs.iter_mut().zip(&tools).enumerate() {
        run.succeed();
        let flows = agreement(
            &agent,
            &bed,
            |event| is_of(event, tool, run, &bed),
            |truth| truth.path.as_ref() == Some(&path(turn)),
        );
        assert_eq!(flows.len(), 1, "{flows:?}");
        check_by(&flows[0], QUIC, &OPENAI, tool, run, &bed, 0);
    }
    assert!(agent.stop().success());
}

#[test]
fn a_name_outside_the_catalogue_is_not_told_of_quic() {
    if spared("names outside") {
        return;
    }
    let Some(bed) = bed_serving(&[], &PORTS) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let mut calls = Vec::new();
    for client in ["quinn", "aioquic-v2", "aioquic-long"] {
        let Some(tool) = quic_or_skipped(client) else {
            continue;
        };
        for (_, name) in OUTSIDE {
            calls.push(bed.run(&tool, &Call::to(name, "/bytes/1000")));
        }
    }
    let pids: Vec<_> = calls.iter().map(|run| run.process.pid()).collect();
    untold(agent, outside(), &pids);
}
