//! The two things that the agent asks the DNS for: addresses of catalogue names, when told to; and the collector.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_catalog::Catalogue;
use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup, command};
use umbra_tests::clients::{Call, named};
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::collector_away::folder;
use crate::configured::{config, runs, setup};
use crate::enrol::make_token;
use crate::names::{bed, own_catalogue};

/// The catalogue's first name that can be looked up, so that it is asked for at once.
const NAME: &str = "api.lingyiwanwu.com";
/// For documentation (RFC 5737): no route leads there, and the test's namespace has it on its loopback.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
/// Where the tests' name servers listen on this host's loopback.
const SERVERS: [&str; 3] = ["127.53.53.1", "127.53.53.2", "127.53.53.3"];

#[test]
fn a_flow_without_a_name_is_known_by_its_address_when_asked_for() {
    if spared("looking up addresses") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("dnsmasq")]) else {
        return;
    };
    bed.add_address(ADDRESS);
    let _server = name_server(SERVERS[0], &[&format!("--host-record={NAME},{ADDRESS}")]);
    let resolver = bed.dir().join("agent-resolv.conf");
    fs::write(
        &resolver,
        format!("nameserver {}\noptions timeout:1 attempts:1\n", SERVERS[0]),
    )
    .expect("the bed's folder");

    let curl = named("curl").with(&["--insecure"]);
    let address = ADDRESS.to_string();
    let call = || bed.run(&curl, &Call::to(&address, "/bytes/1000")).process.pid();

    // Off by default: nobody is asked, and the flow stays unknown.
    let agent = Agent::start_as(&Setup::default(), |config| asking(&resolver, config));
    let pid = call();
    assert!(agent.stop_and_flows(|event| event.process.pid == pid).is_empty());

    let more = "[evidence]\nresolve_catalogue_names = true\nseconds_per_name = 3600\n".to_owned();
    let agent = Agent::start_as(
        &Setup {
            more,
            ..Setup::default()
        },
        |config| asking(&resolver, config),
    );
    let flow = eventually(Duration::from_secs(20), || {
        let pid = call();
        std::thread::sleep(Duration::from_millis(500));
        let mut flows = agent.flows(|event| event.process.pid == pid);
        flows
            .pop()
            .ok_or_else(|| "no flow is known by its address".to_owned())
    });
    let event = flow.open;
    assert_eq!(
        (event.name.as_str(), event.evidence.as_str()),
        (NAME, "ip"),
        "{event:?}"
    );
    assert_eq!(
        (event.vendor.as_str(), event.dst.ip),
        ("01.AI", ADDRESS),
        "{event:?}"
    );

    // A better name wins: what the hello says is outside the catalogue, whatever the address.
    let outside = format!("{}:443:{ADDRESS}", crate::names::OUTSIDE[0].1);
    let curl = named("curl").with(&["--insecure", "--resolve", &outside]);
    let pid = bed
        .run(&curl, &Call::to(crate::names::OUTSIDE[0].1, "/bytes/1000"))
        .process
        .pid();
    assert!(agent.stop_and_flows(|event| event.process.pid == pid).is_empty());
}

#[test]
fn the_names_of_a_new_catalogue_are_looked_up() {
    const HOST: &str = "llm.corp.example";
    if spared("configuration by the collector") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("dnsmasq"), Need::Binary("umbra-collector")]) else {
        return;
    };
    bed.add_address(ADDRESS);
    let _server = name_server(SERVERS[2], &[&format!("--host-record={HOST},{ADDRESS}")]);
    let resolver = bed.dir().join("agent-resolv.conf");
    fs::write(
        &resolver,
        format!("nameserver {}\noptions timeout:1 attempts:1\n", SERVERS[2]),
    )
    .expect("the bed's folder");
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &[]);
    let mut setup = setup(&collector, spool.path(), &token);
    // One name is asked for in the time of the test, and the new catalogue has no other.
    setup.more += "[evidence]\nresolve_catalogue_names = true\nseconds_per_name = 3600\n";
    let agent = Agent::start_as(&setup, |config| asking(&resolver, config));
    let own = own_catalogue(&bed, HOST);
    let text = fs::read_to_string(&own).expect("a file");
    let built_in = Catalogue::builtin();
    let others: BTreeSet<&str> = built_in.patterns().map(|found| found.vendor_name()).collect();
    let others: Vec<&str> = others.into_iter().collect();
    fs::write(&own, format!("[disable]\nvendors = {others:?}\n{text}")).expect("a file");
    let publish = ["publish", "--catalogue", own.to_str().expect("a path")];
    config(data.path(), &publish);
    runs(data.path(), "1");

    let curl = named("curl").with(&["--insecure"]);
    let address = ADDRESS.to_string();
    let flow = eventually(Duration::from_secs(20), || {
        let run = bed.run(&curl, &Call::to(&address, "/bytes/1000"));
        let pid = run.process.pid();
        std::thread::sleep(Duration::from_millis(500));
        let mut flows = agent.flows(|event| event.process.pid == pid);
        flows
            .pop()
            .ok_or_else(|| "no flow is known by its address".to_owned())
    });
    let event = flow.open;
    assert_eq!(
        (
            event.name.as_str(),
            event.evidence.as_str(),
            event.vendor.as_str()
        ),
        (HOST, "ip", "Own"),
        "{event:?}"
    );
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

#[test]
fn the_collector_is_found_by_its_service_record() {
    if spared("looking for a collector") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("dnsmasq")]) else {
        return;
    };
    let nobody = umbra_tests::agent::free_port().port();
    let _server = name_server(
        SERVERS[1],
        &[
            &format!("--srv-host=_umbra-collector._tcp.corp.example,collector.corp.example,{nobody}"),
            "--host-record=collector.corp.example,127.0.0.1",
        ],
    );
    let resolver = bed.dir().join("agent-resolv.conf");
    let text = format!(
        "search corp.example\nnameserver {}\noptions timeout:1 attempts:1\n",
        SERVERS[1]
    );
    fs::write(&resolver, text).expect("the bed's folder");
    let mut agent = Agent::start_as(
        &Setup {
            discovery: true,
            ..Setup::default()
        },
        |config| asking(&resolver, config),
    );
    let found = format!("the DNS names the collector https://collector.corp.example:{nobody}");
    agent.process.said(&found, Duration::from_secs(10));
    // And it is talked to: nobody answers there, which is said.
    agent
        .process
        .said("cannot report to the collector", Duration::from_secs(20));
    assert!(agent.stop().success());
}

/// A name server on this host's loopback that knows these records and asks nobody.
fn name_server(address: &str, records: &[&str]) -> Process {
    umbra_tests::name_server::start(&mut bound("dnsmasq"), address, records)
}

/// The agent with a resolver configuration of its own.
fn asking(resolver: &Path, config: &Path) -> Command {
    let agent = command(config);
    let mut command = bound("unshare");
    command
        .args([
            "--mount",
            "sh",
            "-c",
            "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
        ])
        .arg(resolver)
        .arg(agent.get_program())
        .args(agent.get_args());
    command
}
