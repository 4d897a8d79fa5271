//! Processes that are gone before anybody could look them up in /proc are known in full.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::bed::Run;
use umbra_tests::clients::{Call, named};
use umbra_tests::wait::eventually;

use crate::expect::{SOON, check};
use crate::names::{OPENAI, bed};

const PROCESSES: usize = 200;
const AT_ONCE: usize = 4;

#[test]
fn two_hundred_short_lived_processes_are_all_known() {
    let Some(bed) = bed(&[]) else { return };
    let tool = named("rustls");
    let agent = Agent::start(&Setup::default());

    let next = AtomicUsize::new(0);
    let runs = Mutex::new(Vec::<(Run, String)>::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let turn @ 0..PROCESSES = next.fetch_add(1, Ordering::Relaxed) {
                    let path = format!("/bytes/{}/{turn}", 100 + turn);
                    let run = bed.run(&tool, &Call::to(OPENAI.name, &path));
                    runs.lock().expect("no thread failed").push((run, path));
                }
            });
        }
    });
    let runs = runs.into_inner().expect("no thread failed");

    let flows = eventually(SOON, || {
        let flows = agent.flows(|event| event.process.cwd.as_deref() == bed.dir().to_str());
        let closed = flows.iter().filter(|flow| flow.close.is_some()).count();
        (closed == PROCESSES && flows.len() == PROCESSES)
            .then_some(flows)
            .ok_or_else(|| format!("{closed} of {PROCESSES} flows seen to their end"))
    });
    let truth = bed.connections();
    for (run, path) in &runs {
        let mut own = flows
            .iter()
            .filter(|flow| flow.open.process.pid == run.process.pid());
        let flow = own.next().unwrap_or_else(|| panic!("no flow of {:?}", run.args));
        assert!(own.next().is_none(), "two flows of {:?}", run.args);
        check(flow, &OPENAI, &tool, run, &bed, 0);
        let counted = truth
            .iter()
            .filter(|truth| truth.path.as_ref() == Some(path))
            .collect();
        assert_eq!(flow.bytes(), Some(counted), "{:?}", run.args);
    }
    assert!(agent.stop().success());
}
