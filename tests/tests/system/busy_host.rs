//! A host that executes many programs does not forget the one that matters.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine::{is_slow, program};
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::spared;

use crate::expect::{agreement, check};
use crate::names::{OPENAI, bed};

/// More than the kernel's table of images holds (`IMAGES`), in less time than the agent remembers what ended.
const PROGRAMS: usize = 10_000;
/// On an emulated processor that would take minutes; there the programs are only to load and to work.
const PROGRAMS_EMULATED: usize = 500;

#[test]
fn ten_thousand_programs_leave_room_for_the_caller() {
    if spared("ten thousand programs") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    // A static program starts fastest, which counts where the processor is emulated.
    let program = program("busybox").map_or_else(
        |_| "/bin/true".to_owned(),
        |busybox| format!("{} true", busybox.display()),
    );
    let programs = if is_slow() { PROGRAMS_EMULATED } else { PROGRAMS };
    let script = format!("i=0; while [ $i -lt {programs} ]; do {program}; i=$((i+1)); done");
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
    #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
    let executed = programs as f64;
    assert!(count("execs") >= executed, "{}", count("execs"));
    assert_eq!(
        (count("image_table_full"), count("process_table_full")),
        (0.0, 0.0)
    );
    assert!(agent.stop().success());
}
