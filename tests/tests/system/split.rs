//! A hello is read in whatever pieces it comes: bytes, segments, records, a second hello, early data.

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, Tool, named};
use umbra_tests::hello::Hello;
use umbra_tests::machine::is_slow;
use umbra_tests::skip::spared;
use umbra_tests::truth::Connection;

use crate::expect::{TLS, agreement, check, check_name, flow_of, is_of, nothing_lost, untold};
use crate::names::{ANTHROPIC, Known, OPENAI, OUTSIDE, bed_serving, outside};

/// For a server that asks for a second hello.
const AGAIN: [&str; 2] = ["--again", "9443"];

/// How the Rust client writes its hello, and how long the hello is at least.
const MANNERS: [(&[&str], u64); 8] = [
    (&["--piece", "1"], 200),
    (&["--piece", "1", "--pause", "1"], 200),
    (&["--piece", "100", "--pause", "20"], 200),
    (&["--record", "32"], 200),
    (&["--record", "32", "--piece", "3"], 200),
    (&["--longer", "2000"], 2_000),
    (&["--longer", "15000", "--piece", "1400"], 15_000),
    (
        &["--longer", "15000", "--record", "500", "--piece", "700"],
        15_000,
    ),
];

#[test]
fn a_hello_in_pieces_is_read() {
    let Some(bed) = bed_serving(&[], &AGAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    for (turn, (manner, length)) in MANNERS.iter().enumerate() {
        let tool = named("rustls").with(manner);
        let families = [&OPENAI, &ANTHROPIC];
        let emulated = turn % families.len();
        let wanted = if is_slow() {
            &families[emulated..=emulated]
        } else {
            &families
        };
        for known in wanted {
            let truth = fetched(&agent, &bed, &tool, known, 443, &format!("/bytes/1000/{turn}"));
            assert!(
                truth.iter().all(|truth| truth.received > *length),
                "{manner:?}: {truth:?}"
            );
        }
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

#[test]
fn a_second_hello_and_early_data_are_read() {
    let Some(bed) = bed_serving(&[], &AGAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    // Asked for another curve, a client sends a second hello: more than it sends on the usual port.
    let rustls = named("rustls");
    let [once, twice] = [(443, "/bytes/1000/once"), (9443, "/bytes/1000/twice")]
        .map(|(port, path)| fetched(&agent, &bed, &rustls, &OPENAI, port, path)[0].received);
    assert!(twice > once + 200, "{once} and {twice} bytes");
    fetched(
        &agent,
        &bed,
        &rustls.clone().with(&["--piece", "1"]),
        &OPENAI,
        9443,
        "/bytes/1000/both",
    );
    if !is_slow() {
        fetched(&agent, &bed, &named("curl"), &OPENAI, 9443, "/bytes/1000/curl");
    }
    let early = fetched(
        &agent,
        &bed,
        &rustls.with(&["--early"]),
        &OPENAI,
        443,
        "/bytes/1000/early",
    );
    assert_eq!(early.len(), 2);
    assert!(agent.stop().success());
}

/// Fetches, and checks what the agent says of each connection against the server's count, which is returned.
fn fetched(
    agent: &Agent,
    bed: &TestBed,
    tool: &Tool,
    known: &Known,
    port: u16,
    path: &str,
) -> Vec<Connection> {
    let call = Call {
        port,
        ..Call::to(known.name, path)
    };
    let before = bed.connections().len();
    let run = bed.run(tool, &call);
    let flows = agreement(
        agent,
        bed,
        |event| is_of(event, tool, &run, bed),
        |truth| truth.path.as_deref() == Some(path) && truth.name.as_deref() == Some(known.name),
    );
    for flow in &flows {
        check(flow, &Known { port, ..*known }, tool, &run, bed, 0);
    }
    bed.connections().split_off(before)
}

#[test]
fn odd_hellos_are_read() {
    let Some(bed) = bed_serving(&[], &[]) else { return };
    let agent = Agent::start(&Setup::default());
    let plain = Hello {
        name: Some(OPENAI.name),
        ..Hello::default()
    };
    let many = Hello {
        unknown: 58, // and six
        ..plain
    };
    let long = Hello {
        padding: 15_500,
        ..plain
    };
    let whole = usize::MAX;
    for (what, text, pieces) in [
        ("plain", plain.records(whole), &[][..]),
        ("64 extensions", many.records(whole), &[]),
        (
            "64 extensions, a byte a segment",
            many.records(whole),
            &["--piece", "1"],
        ),
        ("a byte a record", plain.records(1), &[]),
        ("16 KiB in front of the name", long.records(whole), &[]),
        ("16 KiB in two records", long.records(8_000), &["--piece", "1448"]),
    ] {
        let (pid, truth) = bed.say(OPENAI.name, 443, &text, pieces);
        // The server takes it for a hello, too.
        assert_eq!(truth.name.as_deref(), Some(OPENAI.name), "{what}: {truth:?}");
        let flow = flow_of(&agent, |event| event.process.pid == pid);
        check_name(&flow.open, TLS, &OPENAI);
        assert_eq!(
            flow.bytes().map(|bytes| bytes.out),
            Some(truth.received),
            "{what}"
        );
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

#[test]
fn a_name_outside_the_catalogue_is_not_told_in_pieces_either() {
    if spared("names outside") {
        return;
    }
    let Some(bed) = bed_serving(&[], &AGAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let mut pids = Vec::new();
    for (_, name) in OUTSIDE {
        for (manner, _) in &MANNERS[..5] {
            let run = bed.run(&named("rustls").with(manner), &Call::to(name, "/bytes/1000"));
            pids.push(run.process.pid());
        }
        let hello = Hello {
            name: Some(name),
            padding: 15_500,
            ..Hello::default()
        };
        pids.push(bed.say(name, 443, &hello.records(1_000), &["--piece", "700"]).0);
    }
    untold(agent, outside(), &pids);
}
