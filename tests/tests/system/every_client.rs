//! Every client is named, whatever its TLS stack: vendor, service, program, user and exact bytes.

use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{CLIENTS, Call, Client, Tool, named};
use umbra_tests::skip::skip;

use crate::expect::{agreement, check, is_of, is_part_of};
use crate::names::{ANTHROPIC, KNOWN, Known, OPENAI, bed, share};

#[test]
fn every_client_is_named_with_its_program_user_and_bytes() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    for (turn, client) in CLIENTS.iter().enumerate() {
        match client.tool() {
            Ok(tool) => share(&KNOWN, turn)
                .into_iter()
                .for_each(|known| calls(&agent, &bed, client, &tool, known)),
            Err(why) => skip(&format!("{}: {why}", client.name)),
        }
    }
    assert!(agent.stop().success());
}

#[test]
fn megabytes_in_both_directions_are_counted_to_the_byte() {
    let Some(bed) = bed(&[]) else { return };
    let body = bed.dir().join("body");
    std::fs::write(&body, vec![b'.'; 5_000_000]).expect("the bed's own folder");
    let tool = named("curl").with(&["--data-binary", &format!("@{}", body.display())]);
    let agent = Agent::start(&Setup::default());
    let path = "/bytes/20000000";
    for known in [&OPENAI, &ANTHROPIC] {
        let run = bed.run(&tool, &Call::to(known.name, path));
        let flows = agreement(
            &agent,
            &bed,
            |event| is_of(event, &tool, &run, &bed),
            |truth| is_part_of(truth, &tool, known, path),
        );
        assert_eq!(flows.len(), 1);
        assert!(
            flows[0]
                .bytes()
                .is_some_and(|bytes| bytes.out > 5_000_000 && bytes.r#in > 20_000_000)
        );
        check(&flows[0], known, &tool, &run, &bed, 0);
    }
    assert!(agent.stop().success());
}

/// One call of one client to one name.
fn calls(agent: &Agent, bed: &TestBed, client: &Client, tool: &Tool, known: &Known) {
    let path = format!("/bytes/20000/{}", client.name);
    let call = Call {
        port: known.port,
        ..Call::to(known.name, &path)
    };
    let run = bed.run(tool, &call);
    let lifetime = run.started.elapsed();

    let flows = agreement(
        agent,
        bed,
        |event| event.name == known.name && is_of(event, tool, &run, bed),
        |truth| is_part_of(truth, tool, known, &path),
    );
    println!("{:<11} {:<43} {} flow(s)", client.name, known.name, flows.len());
    for flow in &flows {
        check(flow, known, tool, &run, bed, 0);
        let close = flow.close.as_ref().and_then(|close| close.duration_ms);
        let duration = Duration::from_millis(close.expect("a close has a duration"));
        assert!(duration <= lifetime, "{flow:?} within {lifetime:?}");
    }
}
