//! What the collector has agents run with reaches them while they run: a name that it adds is told from then on, and
//! no longer when it is taken back; by label; and after a restart, without the collector.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::bed::Run;
use umbra_tests::clients::{Call, named};
use umbra_tests::collector::Row;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::truth::Connection;
use umbra_tests::wait::eventually;
use umbra_tests::{Collector, Event, TestBed};

use crate::collector_away::folder;
use crate::enrol::make_token;
use crate::expect::{agreement, flow_of, untold};
use crate::names::{BED, OPENAI, own_catalogue};

const HOST: &str = "llm.corp.example";
/// Matched by a wildcard, so that its groups are new to the kernel.
const WILD: &str = "eu-models.corp.example";
const SOON: Duration = Duration::from_secs(30);

pub(crate) fn setup(collector: &Collector, spool: &Path, token: &Path) -> Setup {
    Setup {
        collector: Some(collector.agents()),
        spool: Some(spool.to_owned()),
        more: format!(
            "[enrolment]\ntoken_file = \"{}\"\n[configuration]\npoll_seconds = 1\n",
            token.display()
        ),
        ..Setup::default()
    }
}

pub(crate) fn config(data: &Path, words: &[&str]) -> String {
    Collector::told(data, &[&["config"], words].concat())
}

/// Waits until `agent list` says that the agent runs a revision.
pub(crate) fn runs(data: &Path, revision: &str) {
    eventually(SOON, || {
        let list = Collector::told(data, &["agent", "list"]);
        let row = list.lines().nth(1).unwrap_or_default();
        let is_so = row.split_whitespace().rev().nth(1) == Some(revision);
        is_so.then_some(()).ok_or(list)
    });
}

#[test]
fn a_catalogue_of_the_collector_takes_effect_while_the_agent_runs() {
    if spared("configuration by the collector") {
        return;
    }
    if !ready(&BED) || !ready(&[Need::Binary("umbra-collector")]) {
        return;
    }
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bed = TestBed::serving(&[HOST, WILD, OPENAI.name].map(|name| (address, name)), &[]);
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &["--host-label", "ring=first"]);
    let agent = Agent::start(&setup(&collector, spool.path(), &token));
    let call = |name: &str| {
        bed.run(&named("curl"), &Call::to(name, "/bytes/100"))
            .process
            .pid()
    };
    let told = |agent: &Agent, name: &str| {
        let pid = call(name);
        let open = flow_of(agent, |event| event.process.pid == pid).open;
        assert_eq!(open.name, name);
        open.vendor
    };
    let before = [HOST, WILD].map(call);
    assert_eq!(told(&agent, OPENAI.name), "OpenAI");

    // To another label: nothing comes here. Then to this one.
    let own = own_catalogue(&bed, HOST);
    let text = fs::read_to_string(&own).expect("a file");
    fs::write(
        &own,
        text.clone() + &text.replace(HOST, "*-models.corp.example").replace("Own", "Wild"),
    )
    .expect("a file");
    let publish = ["publish", "--catalogue", own.to_str().expect("a path")];
    config(data.path(), &[&publish[..], &["--to", "ring=last"]].concat());
    let published = config(data.path(), &[&publish[..], &["--to", "ring=first"]].concat());
    assert_eq!(published, "revision 2 goes to agents of hosts with ring=first\n");
    runs(data.path(), "2");
    assert_eq!(told(&agent, HOST), "Own");
    assert_eq!(told(&agent, WILD), "Wild");
    assert_eq!(told(&agent, OPENAI.name), "OpenAI");

    // Without the collector, and after a restart, it still holds.
    assert!(collector.stop().success());
    let flows = agent.stop_and_flows(|event| before.contains(&event.process.pid));
    assert!(flows.is_empty(), "it was not looked for before: {flows:?}");
    let absent = Setup {
        spool: Some(spool.path().to_owned()),
        ..Setup::default()
    };
    let agent = Agent::start(&absent);
    assert_eq!(told(&agent, WILD), "Wild");
    assert!(agent.stop().success());

    // Taken back.
    let collector = Collector::for_agents(data.path(), "");
    let agent = Agent::start(&setup(&collector, spool.path(), &token));
    let settings = data.path().join("settings.toml");
    fs::write(&settings, "interval_seconds = 5\n").expect("a file");
    config(data.path(), &["publish", settings.to_str().expect("a path")]);
    runs(data.path(), "3");
    assert_eq!(told(&agent, OPENAI.name), "OpenAI");
    let after = [HOST, WILD].map(call);
    let list = config(data.path(), &["list"]);
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!((rows[1][0], rows[1][2], rows[1][3]), ("3", "all", "1"), "{list}");
    assert!(config(data.path(), &["show", "3"]).contains("interval_seconds = 5"));
    untold(agent, [], &after);
    assert!(collector.stop().success());
}

/// What a flow that is open meanwhile is called, and how it ends, is decided when it says its name.
#[test]
fn a_flow_that_is_open_while_the_catalogue_changes_keeps_its_name_and_its_bytes() {
    const RENAMED: &str = HOST;
    const REMOVED: &str = OPENAI.name;
    const ADDED: &str = WILD;
    const LONG: &str = "/slow/15/1000";
    if spared("configuration by the collector") {
        return;
    }
    if !ready(&BED) || !ready(&[Need::Binary("umbra-collector")]) {
        return;
    }
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bed = TestBed::serving(&[RENAMED, REMOVED, ADDED].map(|name| (address, name)), &[]);
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &[]);
    let agent = Agent::start(&setup(&collector, spool.path(), &token));
    let own = own_catalogue(&bed, RENAMED);
    let publish = || {
        config(
            data.path(),
            &["publish", "--catalogue", own.to_str().expect("a path")],
        )
    };
    publish();
    runs(data.path(), "1");

    let mut long = [RENAMED, REMOVED, ADDED].map(|name| bed.start(&named("curl"), &Call::to(name, LONG)));
    let of = |run: &Run| {
        let pid = run.process.pid();
        move |event: &Event| event.process.pid == pid
    };
    for (run, vendor) in long.iter().zip(["Own", "OpenAI"]) {
        let open = eventually(SOON, || {
            let flows = agent.flows(of(run));
            let [flow] = flows.as_slice() else {
                return Err(format!("{flows:?}"));
            };
            Ok(flow.open.clone())
        });
        assert_eq!(open.vendor, vendor);
    }
    let text = fs::read_to_string(&own).expect("a file");
    let added = text.replace(RENAMED, ADDED).replace("Own", "Added");
    let renamed = text.replace("Own", "Renamed");
    fs::write(
        &own,
        format!("[disable]\nvendors = [\"OpenAI\"]\n{renamed}{added}"),
    )
    .expect("a file");
    publish();
    runs(data.path(), "2");
    for run in &mut long {
        assert!(
            run.process.ended().is_none(),
            "the catalogue changed while it was open"
        );
    }
    let new = [RENAMED, ADDED, REMOVED].map(|name| bed.run(&named("curl"), &Call::to(name, "/bytes/100")));
    for (run, vendor) in new.iter().zip(["Renamed", "Added"]) {
        assert_eq!(flow_of(&agent, of(run)).open.vendor, vendor);
    }

    let [renamed, removed, mut added] = long;
    let mut counted = Vec::new();
    for (mut run, name, vendor) in [(renamed, RENAMED, "Own"), (removed, REMOVED, "OpenAI")] {
        let own = of(&run);
        run.succeed();
        let is_it =
            |truth: &Connection| truth.path.as_deref() == Some(LONG) && truth.name.as_deref() == Some(name);
        let flows = agreement(&agent, &bed, own, is_it);
        assert_eq!(flows.len(), 1, "it opens and closes once: {flows:?}");
        for event in std::iter::once(&flows[0].open).chain(&flows[0].close) {
            assert_eq!((event.name.as_str(), event.vendor.as_str()), (name, vendor));
        }
        counted.push((vendor, flows[0].bytes().expect("it is closed")));
    }
    // It said its name before that was one of the catalogue's.
    let late = added.process.pid();
    added.succeed();
    for (vendor, bytes) in counted {
        eventually(SOON, || {
            let rows: Vec<_> = [RENAMED, REMOVED]
                .iter()
                .flat_map(|name| collector.rows(name))
                .filter(|row| row.vendor == vendor)
                .collect();
            let sum = Row::sum(&rows);
            (sum == (1, bytes))
                .then_some(())
                .ok_or_else(|| format!("{bytes:?} by {vendor} are stored as {rows:?}"))
        });
    }
    untold(agent, [], &[late, new[2].process.pid()]);
    assert!(collector.stop().success());
}
