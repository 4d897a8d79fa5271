//! What ran is told by its file: hash, and whether it is still the one that was started.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{named, python_server};
use umbra_tests::event::Flow;
use umbra_tests::machine::output;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed};

/// So long the agent believes what it found out of a process, and a bit.
const BELIEVED: Duration = Duration::from_millis(2_500);

#[test]
fn a_program_that_is_replaced_while_it_runs_is_told_so() {
    if spared("a program that is replaced") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("python3")]) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    // An interpreter and a script of the test's own, so that both can be replaced.
    let python = bed.dir().join("python3");
    fs::copy(&named("python").exe, &python).expect("room for a copy");
    let script = bed.dir().join("caller.py");
    fs::write(&script, include_str!("files/caller.py")).expect("a folder of the bed");
    let (python_hash, script_hash) = (sha256(&python), sha256(&script));

    let mut command = bed.command(&python);
    command.arg(&script).arg(OPENAI.name).arg(bed.authority());
    let mut client = Process::start(command.stdin(Stdio::piped()));
    let (mut go, pid) = (client.stdin(), client.pid());
    let mut call = |count: usize| -> Flow {
        writeln!(go, "go").expect("the client reads");
        eventually(SOON, || {
            let mut flows = agent.flows(|event| event.process.pid == pid);
            let closed = flows.len() == count && flows.iter().all(|flow| flow.close.is_some());
            closed
                .then(|| flows.remove(count - 1))
                .ok_or_else(|| format!("{flows:?}"))
        })
    };

    let process = call(1).close.expect("closed").process;
    assert_eq!(process.sha256.as_ref(), Some(&script_hash), "{process:?}");
    assert_eq!(process.exe_sha256.as_ref(), Some(&python_hash), "{process:?}");
    assert_eq!((process.exe_state, process.script_state), (None, None));

    // Nor is a script that is written to in the first second replaced: it may have been written just before.
    thread::sleep(BELIEVED);
    fs::remove_file(&python).expect("the bed's file");
    fs::write(&script, "# another\n").expect("the bed's file");
    let process = call(2).close.expect("closed").process;
    assert_eq!(process.exe_state.as_deref(), Some("deleted"), "{process:?}");
    assert_eq!(process.script_state.as_deref(), Some("replaced"), "{process:?}");
    assert_eq!(
        process.exe_sha256.as_ref(),
        Some(&python_hash),
        "what runs is still read"
    );
    assert_eq!(process.sha256, None, "what ran is gone");
    drop(go);
    assert!(client.wait(Duration::from_secs(10)).success());
    assert!(agent.stop().success());
}

#[test]
fn a_module_of_python_has_its_package() {
    if spared("modules") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let (python, _) = match python_server("quic_server.py") {
        Ok(server) => server,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let index = format!("https://{}/simple", OPENAI.name);
    let folder = python.parent().expect("an environment").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    // By its path; and by its name in an environment that was activated, when the kernel says what was found.
    let by_path = vec![python.display().to_string()];
    let by_name = vec![
        "env".to_owned(),
        format!("PATH={folder}:{path}"),
        "python3".to_owned(),
    ];
    for called in [by_path, by_name] {
        let mut pip = bed.command(&called[0]);
        pip.args(&called[1..]);
        // It finds no package there: what counts is that it asks.
        pip.args([
            "-m",
            "pip",
            "--isolated",
            "download",
            "--no-deps",
            "--no-cache-dir",
        ]);
        pip.args(["--retries", "0", "--index-url", &index, "--cert"]);
        let mut pip = Process::start(pip.arg(bed.authority()).arg("none"));
        pip.wait(Duration::from_mins(1));
        let process = eventually(SOON, || {
            let flows = agent.flows(|event| event.process.pid == pip.pid());
            let first = flows.into_iter().next();
            first
                .map(|flow| flow.open.process)
                .ok_or_else(|| pip.stderr.text())
        });
        assert_eq!(process.script.as_deref(), Some("pip"), "{process:?}");
        let package = process.package.as_ref().expect("it is known");
        assert_eq!((package.manager.as_str(), package.name.as_str()), ("pip", "pip"));
        assert!(package.version.is_some(), "{package:?}");
    }
    assert!(agent.stop().success());
}

/// By coreutils, not by the agent's own code.
fn sha256(file: &Path) -> String {
    let text = output(Command::new("sha256sum").arg(file)).unwrap_or_else(|error| panic!("{error}"));
    text.split(' ').next().expect("a hash").to_owned()
}
