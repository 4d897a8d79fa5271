//! A process id that is used again is another process, however soon.

use std::fs;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::machine::is_slow;
use umbra_tests::owner::Owner;
use umbra_tests::skip::skip;
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed};

#[test]
fn an_id_used_again_within_a_second_is_another_process() {
    let Some(bed) = bed(&[]) else { return };
    let owner = match Owner::new(&bed, OPENAI.name) {
        Ok(owner) => owner,
        Err(why) => return skip(&why),
    };
    let programs = ["first", "second", "third"].map(|name| bed.dir().join(name));
    for program in &programs {
        fs::copy(&owner.exe, program).expect("the bed's own folder");
    }
    let agent = Agent::start(&Setup::default());
    let more = programs
        .each_ref()
        .map(|program| program.to_str().expect("UTF-8"));
    let done = owner.run(&bed, &[], "reuse", OPENAI.port, &more);
    let pid = done.said["reused"];

    let flows = eventually(SOON, || {
        let flows = agent.flows(|event| event.process.pid == pid);
        let closed = flows.iter().filter(|flow| flow.close.is_some()).count();
        (closed == programs.len())
            .then_some(flows)
            .ok_or_else(|| format!("{closed} flows of {pid}"))
    });
    assert_eq!(flows.len(), programs.len(), "{flows:?}");
    let mut started = Vec::new();
    for (flow, program) in flows.iter().zip(&programs) {
        for event in std::iter::once(&flow.open).chain(&flow.close) {
            let process = &event.process;
            let name = program.to_str().expect("UTF-8");
            assert_eq!(process.exe.as_deref(), Some(name), "{event:?}");
            assert_eq!(
                process.args,
                Some(owner.args(name, "plain", OPENAI.port, &[])),
                "{event:?}"
            );
            assert_eq!(process.ppid, Some(done.pid), "{event:?}");
        }
        started.push(seconds(flow.open.process.started.as_deref().expect("known")));
    }
    println!("{pid} began at {started:?} s of the hour");
    assert!(started.is_sorted_by(|one, next| one < next), "{started:?}");
    // An emulated processor takes longer than that.
    assert!(started[2] - started[0] < 1.0 || is_slow(), "{started:?}");
    assert!(agent.stop().success());
}

/// Seconds in the hour of an RFC 3339 time, of which tests have no use for the rest.
fn seconds(time: &str) -> f64 {
    let clock = time.split(['T', 'Z']).nth(1).expect("a time");
    clock.split(':').skip(1).fold(0.0, |sum, part| {
        sum * 60.0 + part.parse::<f64>().expect("a number")
    })
}
