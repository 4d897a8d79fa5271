//! An agent gets in with a token, stays in with certificates, and is told from others; the collector says who may.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{self, Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::clock;
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::collector_away::{arrived, folder};
use crate::names::{OPENAI, bed};

const SOON: Duration = Duration::from_secs(30);

/// What an agent is told to enrol with.
pub(crate) fn setup(collector: &Collector, spool: &Path, token: &Path) -> Setup {
    Setup {
        collector: Some(collector.agents()),
        spool: Some(spool.to_owned()),
        more: format!("[enrolment]\ntoken_file = \"{}\"\n", token.display()),
        ..Setup::default()
    }
}

pub(crate) fn make_token(data: &Path, file: &Path, options: &[&str]) -> String {
    let token = Collector::told(data, &[&["token", "create"], options].concat());
    fs::write(file, &token).expect("a file");
    token.split('_').nth(1).expect("an id").to_owned()
}

#[test]
fn an_agent_enrols_with_a_good_token_renews_and_is_shut_out() {
    if spared("enrolment") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "certificate_seconds = 6\n");
    let expired = make_token(data.path(), &token, &["--expires", "1s"]);
    std::thread::sleep(Duration::from_millis(1100));

    // With a token that is over it says so, and loses nothing.
    let mut agent = Agent::start(&setup(&collector, spool.path(), &token));
    bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
    agent.process.said("the token expired at", SOON);
    let tokens = Collector::told(data.path(), &["token", "list"]);
    assert!(
        tokens
            .lines()
            .any(|line| line.starts_with(&expired) && line.contains("expired")),
        "{tokens}"
    );

    // With a good one it gets in, and goes on when its first certificate is over.
    make_token(data.path(), &token, &["--uses", "1"]);
    arrived(&collector, &bed.connections());
    let issued = "umbra_agent_certificates_total{result=\"issued\"}";
    eventually(SOON, || {
        let count = agent.metrics().get(issued);
        (count >= 4.0)
            .then_some(())
            .ok_or_else(|| format!("{count} certificates"))
    });
    bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1001"));
    arrived(&collector, &bed.connections());
    let used = Collector::told(data.path(), &["token", "list"]);
    assert!(used.contains("used up"), "renewals take no token: {used}");

    // Shut out, it says so, and keeps what it has.
    let agents = Collector::told(data.path(), &["agent", "list"]);
    let id = agents
        .lines()
        .nth(1)
        .and_then(|line| line.split(' ').next())
        .expect("an agent");
    Collector::told(data.path(), &["agent", "revoke", id]);
    bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1002"));
    agent.process.said("was revoked", SOON);
    assert!(agent.stop().success());
    let refused = fs::read_dir(spool.path().join("dead-letter")).map_or(0, Iterator::count);
    assert_eq!(refused, 0, "who is shut out keeps what it has");
    assert!(collector.stop().success());
}

#[test]
fn a_clock_that_is_wrong_is_said_with_the_remedy() {
    if spared("wrong clocks") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector"), Need::Program("faketime")]) else {
        return;
    };
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &["--uses", "1"]);
    // So far off that no certificate holds: nobody is let in, and nothing is lost.
    for (offset, sentence) in [
        ("-400d", "by this host's clock"),
        ("+400d", "by this host's clock"),
        // The collector's certificate holds, and so does the token: by the collector's clock.
        ("+2h", "ahead of the collector's: set it (timedatectl"),
    ] {
        let mut agent = Agent::start_as(&setup(&collector, spool.path(), &token), |config| {
            clock::off_by(offset, &agent::command(config))
        });
        bed.run(&named("curl"), &Call::to(OPENAI.name, "/bytes/1000"));
        agent.process.said(sentence, SOON);
        if offset == "+2h" {
            arrived(&collector, &bed.connections());
            let metrics = collector.metrics();
            assert!(metrics.get("umbra_collector_times_corrected_total") > 0.0);
        }
        assert!(agent.stop().success());
    }
    assert!(collector.stop().success());
}

#[test]
fn a_copy_of_a_host_becomes_an_agent_of_its_own() {
    if spared("copies of hosts") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let (data, original, copy) = (folder(), folder(), folder());
    let token = original.path().join("token");
    let collector = Collector::for_agents(data.path(), "takeover_seconds = 2\n");
    make_token(data.path(), &token, &["--uses", "9"]);
    let call = |bytes: usize| bed.run(&named("curl"), &Call::to(OPENAI.name, &format!("/bytes/{bytes}")));

    let agent = Agent::start(&setup(&collector, original.path(), &token));
    call(1000);
    arrived(&collector, &bed.connections());
    assert!(agent.stop().success());

    // The copy has all its files, and another start of the kernel: it takes over once the first is silent.
    for entry in fs::read_dir(original.path()).expect("the folder").flatten() {
        if entry.path().is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
        }
    }
    let boot = data.path().join("boot_id");
    fs::write(&boot, "11111111-2222-4333-8444-555555555555\n").expect("a file");
    let agent = Agent::start_as(&setup(&collector, copy.path(), &token), |config| {
        elsewhere(&boot, &agent::command(config))
    });
    call(1001);
    arrived(&collector, &bed.connections());
    assert!(agent.stop().success());

    // The first one comes back: there are two. It takes an id of its own, and brings what it saw.
    let mut agent = Agent::start(&setup(&collector, original.path(), &token));
    call(1002);
    agent.process.said("another host has the identity", SOON);
    arrived(&collector, &bed.connections());
    assert!(agent.stop().success());
    let agents = Collector::told(data.path(), &["agent", "list"]);
    assert_eq!(agents.lines().count(), 3, "two agents and a heading: {agents}");
    assert!(collector.stop().success());
}

/// The command in a mount namespace of its own, where the kernel has another boot id.
fn elsewhere(boot: &Path, command: &Command) -> Command {
    let mut inside = Command::new("unshare");
    inside
        .args(["--mount", "sh", "-c"])
        .arg(r#"mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@""#)
        .arg(boot)
        .arg(command.get_program())
        .args(command.get_args());
    inside
}
