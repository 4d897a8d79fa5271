//! Rootless networks carry a container's traffic through sockets of their own: the program inside is the caller, and its
//! bytes count once.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::Namespaces;
use umbra_tests::machine::{self, output};
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, spared};
use umbra_tests::truth::Bytes;
use umbra_tests::wait::eventually;

use crate::expect::{TLS, check_name, flow_of};
use crate::names::{OPENAI, bed};

/// How long a network may take to be ready.
const READY: Duration = Duration::from_secs(10);

#[test]
fn slirp4netns_relays_for_the_program_inside() {
    // What it calls its host's loopback.
    relays("slirp4netns", &["--configure"], &["tap0"], "10.0.2.2");
}

#[test]
fn pasta_relays_for_the_program_inside() {
    // It calls its host's loopback by the gateway's address. IPv4 alone, because an IPv6 address takes a second to
    // become valid; as root, because others may not open /dev/net/tun everywhere.
    let options = ["--runas", "0", "--config-net", "--ipv4-only", "--foreground"];
    relays("pasta", &options, &[], GATEWAY);
}

/// A gateway that is not there, on a link that leads nowhere.
const GATEWAY: &str = "192.0.2.254";
const LINK: &str = "ip link add up0 type veth peer name up1 && ip address add 192.0.2.1/24 dev up0 \
                    && ip link set up0 up && ip link set up1 up && ip route add default via 192.0.2.254";

fn relays(network: &'static str, before: &[&str], behind: &[&str], loopback: &str) {
    if spared("rootless networks") {
        return;
    }
    let Some(bed) = bed(&[network, "unshare", "curl"].map(Need::Program)) else {
        return;
    };
    output(bed.command("sh").args(["-c", LINK])).unwrap_or_else(|why| panic!("{why}"));
    let agent = Agent::start(&Setup::default());

    // In a network namespace of its own the client waits for a network.
    let mut command = bed.command("unshare");
    command.args([
        "--map-root-user",
        "--net",
        "--",
        "sh",
        "-c",
        "read -r go && exec \"$@\"",
        "sh",
    ]);
    let curl = machine::program("curl").expect("it is needed");
    command.arg(&curl).args([
        "--silent",
        "--show-error",
        "--fail",
        "--output",
        "/dev/null",
        "--cacert",
    ]);
    command.arg(bed.authority()).arg("--resolve");
    command.arg(format!("{}:{}:{loopback}", OPENAI.name, OPENAI.port));
    command
        .arg(format!("https://{}/bytes/1000", OPENAI.name))
        .stdin(Stdio::piped());
    let mut client = Process::start(&mut command);
    let pid = client.pid();
    let outside = Namespaces::of(std::process::id()).user;
    soon(|| Namespaces::of(pid).user != outside, "it does not move");
    let mut command = bed.command(network);
    let carrier = Process::start(command.args(before).arg(pid.to_string()).args(behind));
    let routes = || fs::read_to_string(format!("/proc/{pid}/net/route")).unwrap_or_default();
    soon(|| routes().lines().count() > 1, "it has no network");
    writeln!(client.stdin(), "go").expect("it reads");
    assert!(client.wait(READY).success(), "{}", client.stderr.text());

    let own = flow_of(&agent, |event| event.process.pid == pid);
    let relay = flow_of(&agent, |event| event.relays.as_ref() == Some(&own.open.flow_id));
    for flow in [&own, &relay] {
        check_name(&flow.open, TLS, &OPENAI);
    }
    let counted: Bytes = bed.connections().iter().collect();
    assert_eq!((own.bytes(), relay.bytes()), (Some(counted), Some(counted)));
    assert_eq!(own.open.relays, None);
    assert_eq!(own.open.process.exe.as_deref(), curl.to_str());
    assert_ne!(own.open.process.namespaces.net, relay.open.process.namespaces.net);
    assert_eq!(relay.open.process.pid, carrier.pid());
    assert!(agent.stop().success());
}

fn soon(is_so: impl Fn() -> bool, or: &str) {
    eventually(READY, || is_so().then_some(()).ok_or_else(|| or.to_owned()));
}
