//! What cannot work is said in one sentence, with a proper exit status, and nothing is lost.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_tests::agent::{ATTACHED, Agent, Setup, Turn, command, configure, free_port};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine::binary;
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::{Need, ready, spared};

use crate::expect::agreement;
use crate::names::{OPENAI, bed};

const AGENT: [Need; 2] = [Need::Root, Need::Binary("umbra-agent")];

#[test]
fn an_unknown_key_of_the_configuration_is_refused() {
    if spared("an unknown key") {
        return;
    }
    refused_config("[spol]\ndirectory = \"/tmp\"\n", &["agent.toml", "spol"]);
    refused_config(
        "[report]\ninterval_secnds = 1\n",
        &["agent.toml", "interval_secnds"],
    );
    refused_config("[report\n", &["agent.toml"]);
}

#[test]
fn bad_toml_in_the_users_catalogue_is_refused() {
    if spared("bad TOML") {
        return;
    }
    if !ready(&AGENT) {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let catalogue = dir.path().join("mine.toml");
    fs::write(&catalogue, "name = \"Mine\"\n[[service]\n").expect("a temporary file");
    let config = dir.path().join("agent.toml");
    let setup = Setup {
        catalogue: Some(catalogue),
        ..Setup::default()
    };
    configure(&setup, dir.path(), free_port());
    let _turn = Turn::take();
    refused(&mut command(&config), &["mine.toml"]);
}

#[test]
fn no_root_is_refused() {
    if !ready(&AGENT) {
        return;
    }
    let _turn = Turn::take();
    let agent = binary("umbra-agent").expect("it is ready");
    // A copy, because another user may not enter the folder of the build.
    let dir = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder");
    let copy = dir.path().join("umbra-agent");
    fs::copy(agent, &copy).expect("a copy of the agent");
    let mut command = bound("setpriv");
    command.args(["--reuid=12345", "--regid=12345", "--clear-groups", "--"]);
    command.arg(copy).args(["run", "--output", "ndjson"]);
    refused(&mut command, &["root"]);
}

#[test]
fn a_second_agent_is_refused() {
    if !ready(&AGENT) {
        return;
    }
    let mut agent = Agent::start(&Setup::default());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = configure(&Setup::default(), dir.path(), free_port());
    refused(&mut command(&config), &["agent"]);
    assert_eq!(agent.process.ended(), None, "the first agent goes on");
    assert!(agent.stop().success());
}

#[test]
fn no_type_information_of_the_kernel_is_refused() {
    if !ready(&AGENT) {
        return;
    }
    let _turn = Turn::take();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = configure(&Setup::default(), dir.path(), free_port());
    refused(
        &mut privately("mount -t tmpfs none /sys/kernel/btf", &config),
        &["BTF"],
    );
}

#[test]
fn an_unreachable_collector_is_waited_for() {
    if spared("a collector that cannot be reached") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let nobody = free_port();
    let agent = Agent::start(&Setup {
        collector: Some(format!("http://{nobody}")),
        ..Setup::default()
    });
    let run = bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
    agreement(
        &agent,
        &bed,
        |event| event.process.pid == run.process.pid(),
        |_| true,
    );
    let mut agent = agent;
    agent.process.said(&nobody.to_string(), Duration::from_secs(10));
    assert!(agent.stop().success());
}

#[test]
fn cgroup_v2_that_is_not_mounted_is_mounted_privately() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start_as(&Setup::default(), |config| {
        privately("umount -a -l -t cgroup2", config)
    });
    let run = bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
    agreement(
        &agent,
        &bed,
        |event| event.process.pid == run.process.pid(),
        |_| true,
    );
    assert!(agent.stop().success());
}

/// The agent behind a change of the mounts that it alone sees.
fn privately(change: &str, config: &Path) -> Command {
    let agent = binary("umbra-agent").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound("unshare");
    command
        .args(["--mount", "sh", "-c"])
        .arg(format!(
            "{change} && exec \"$0\" run --output ndjson --config \"$1\""
        ))
        .arg(agent)
        .arg(config);
    command
}

fn refused_config(text: &str, says: &[&str]) {
    if !ready(&AGENT) {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = dir.path().join("agent.toml");
    fs::write(&config, text).expect("a temporary file");
    let _turn = Turn::take();
    refused(&mut command(&config), says);
}

/// The command must fail at once, with one sentence on stderr that says certain things.
fn refused(command: &mut Command, says: &[&str]) {
    let mut process = Process::start(command);
    let status = process.wait(Duration::from_secs(10));
    let said = process.stderr.all().join("\n");
    assert_eq!(status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "one sentence, not\n{said}");
    assert!(!said.contains(ATTACHED) && !said.contains("panicked"), "{said}");
    for text in says {
        assert!(said.contains(text), "`{text}` is not in\n{said}");
    }
    assert!(process.stdout.all().is_empty());
}
