//! A long flow shows before it closes.

use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::collector::Row;
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::expect::{SOON, agreement};
use crate::names::{OPENAI, bed};

#[test]
fn a_long_flow_shows_before_it_closes() {
    if spared("the page of a long flow") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let data = tempfile::tempdir().expect("a temporary folder");
    let collector = Collector::start(data.path(), None);
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    });

    let path = "/slow/15/1000";
    let mut run = bed.start(&named("curl"), &Call::to(OPENAI.name, path));
    let pid = run.process.pid();
    eventually(Duration::from_secs(2), || {
        let flows = agent.flows(|event| event.process.pid == pid);
        let open = flows.len() == 1 && flows[0].close.is_none();
        open.then_some(()).ok_or_else(|| format!("{flows:?}"))
    });
    let bytes = eventually(SOON, || {
        let rows = collector.rows(OPENAI.name);
        let (_, bytes) = Row::sum(&rows);
        (bytes.r#in > 1000)
            .then_some(bytes)
            .ok_or_else(|| format!("{rows:?}"))
    });
    assert_eq!(run.process.ended(), None, "{bytes:?} came only after the end");

    run.succeed();
    agreement(
        &agent,
        &bed,
        |event| event.process.pid == pid,
        |truth| truth.path.as_deref() == Some(path),
    );
    assert!(agent.stop().success());
}

#[test]
fn the_flow_of_a_killed_client_ends() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let mut run = bed.start(&named("curl"), &Call::to(OPENAI.name, "/slow/30/1000"));
    let pid = run.process.pid();
    let flow = |closed: bool| {
        eventually(SOON, || {
            let mut flows = agent.flows(|event| event.process.pid == pid);
            let seen = flows.len() == 1 && flows[0].close.is_some() == closed;
            seen.then(|| flows.remove(0)).ok_or_else(|| format!("{flows:?}"))
        })
    };
    flow(false);
    run.process.kill();
    let bytes = flow(true).bytes().expect("a close has bytes");
    let truth = eventually(SOON, || {
        bed.connections()
            .pop()
            .ok_or_else(|| "no end at the server".to_owned())
    });
    // What the server sent after the kill reached no socket: up to two beats of its clock.
    assert_eq!(bytes.out, truth.received);
    assert!(
        bytes.r#in <= truth.sent && bytes.r#in + 2 * 1100 >= truth.sent,
        "{bytes:?} of {truth:?}"
    );
    assert!(agent.stop().success());
}
