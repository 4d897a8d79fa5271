//! Browsers over TCP: hellos with post-quantum keys and made-up encrypted hellos, shuffled anew each time.

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, FIREFOX, named};
use umbra_tests::nss;
use umbra_tests::skip::{Need, skip, spared};

use crate::expect::{agreement, check, is_of, is_part_of};
use crate::names::{ANTHROPIC, KNOWN, OPENAI, OUTSIDE, bed_serving};

/// A key share of ML-KEM-768 alone is so long; no hello without one is.
const POST_QUANTUM: u64 = 1_500;

#[test]
fn firefox_is_named() {
    if spared("Firefox") {
        return;
    }
    let Some(bed) = bed_serving(&[Need::Program("certutil")], &[]) else {
        return;
    };
    let tool = match FIREFOX.tool() {
        Ok(tool) => tool,
        Err(why) => return skip(&why),
    };
    nss::trust(bed.dir(), &bed.authority(), "none.example");
    let agent = Agent::start(&Setup::default());
    for (turn, known) in KNOWN.iter().enumerate() {
        let path = format!("/bytes/20000/{turn}");
        let call = Call {
            port: known.port,
            ..Call::to(known.name, &path)
        };
        let run = bed.run(&tool, &call);
        let flows = agreement(
            &agent,
            &bed,
            |event| event.name == known.name && is_of(event, &tool, &run, &bed),
            |truth| is_part_of(truth, &tool, known, &path),
        );
        println!("{:<43} {} flow(s)", known.name, flows.len());
        for flow in &flows {
            check(flow, known, &tool, &run, &bed, 0);
            assert!(!flow.open.ech, "made up: {flow:?}");
            assert!(
                flow.bytes().is_some_and(|bytes| bytes.out > POST_QUANTUM),
                "{flow:?}"
            );
        }
    }
    bed.run(&tool, &Call::to(OUTSIDE[0].1, "/bytes/10"));
    let told = agent.process.stdout.text() + &agent.process.stderr.text();
    // In the arguments of no flow either.
    assert!(!told.contains(OUTSIDE[0].1), "{told}");
    assert!(agent.stop().success());
}

#[test]
fn chromium_sends_what_only_looks_encrypted_and_is_named() {
    if spared("Chromium") {
        return;
    }
    let Some(bed) = bed_serving(&[Need::Program("chromium")], &[]) else {
        return;
    };
    let tool = named("chromium");
    let agent = Agent::start(&Setup::default());
    for known in &[OPENAI, ANTHROPIC] {
        let path = "/bytes/1000";
        let run = bed.run(&tool, &Call::to(known.name, path));
        let flows = agreement(
            &agent,
            &bed,
            |event| event.name == known.name && is_of(event, &tool, &run, &bed),
            |truth| is_part_of(truth, &tool, known, path),
        );
        for flow in &flows {
            check(flow, known, &tool, &run, &bed, 0);
            assert!(!flow.open.ech, "made up: {flow:?}");
            assert!(
                flow.bytes().is_some_and(|bytes| bytes.out > POST_QUANTUM),
                "{flow:?}"
            );
        }
    }
    assert!(agent.stop().success());
}
