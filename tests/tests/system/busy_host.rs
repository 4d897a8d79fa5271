//! A host that executes many programs does not forget the one that matters.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::process::{Process, bound};

use crate::expect::{agreement, check};
use crate::names::{OPENAI, bed};

/// More than the kernel's table of images holds (`IMAGES`), in less time than the agent remembers what ended.
const PROGRAMS: usize = 10_000;

#[test]
fn ten_thousand_programs_leave_room_for_the_caller() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let script = format!("i=0; while [ $i -lt {PROGRAMS} ]; do /bin/true; i=$((i+1)); done");
    let mut storm = Process::start(bound("sh").args(["-c", &script]));
    assert!(storm.wait(Duration::from_mins(1)).success());

    let tool = named("rustls");
    let path = "/bytes/1000/after-the-storm";
    let run = bed.run(&tool, &Call::to(OPENAI.name, path));
    let flows = agreement(
        &agent,
        &bed,
        |event| event.process.pid == run.process.pid(),
        |truth| truth.path.as_deref() == Some(path),
    );
    check(&flows[0], &OPENAI, &tool, &run, &bed, 0);
    let metrics = agent.metrics();
    let count = |counter: &str| metrics.get(&format!("umbra_agent_kernel_total{{counter=\"{counter}\"}}"));
    assert!(count("execs") >= 10_000.0, "{}", count("execs"));
    assert_eq!(
        (count("image_table_full"), count("process_table_full")),
        (0.0, 0.0)
    );
    assert!(agent.stop().success());
}
