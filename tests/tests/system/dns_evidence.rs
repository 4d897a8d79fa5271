//! A flow that says no name has that of the DNS answer which its process got, and nobody else's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::process::Process;
use umbra_tests::skip::spared;

use crate::expect::{DNS, check_name, flow_of, untold};
use crate::names::{ANTHROPIC, KNOWN, Known, OPENAI, OUTSIDE, bed_without_names};

/// For documentation (RFC 5737 and 3849); the test's namespace has them on its loopback.
const ALONE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 8));
const ALONE_6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 8));
const SHARED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
/// Its answer holds for two seconds.
const BRIEF: Known = Known {
    address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 15)),
    ..KNOWN[3]
};
/// Behind a front of another name, as much of the web is.
const GEMINI: &str = "generativelanguage.googleapis.com";

/// A bed with a name server; the names of `SHARED` are two.
fn bed() -> Option<(TestBed, Process)> {
    let bed = bed_without_names(&["--issue", OPENAI.name])?;
    for address in [ALONE, ALONE_6, SHARED, ELSEWHERE, BRIEF.address] {
        bed.add_address(address);
    }
    let records = [
        format!("--host-record={},{ALONE},{ALONE_6},60", OPENAI.name),
        format!("--host-record={},{SHARED},60", ANTHROPIC.name),
        format!("--host-record=claude.ai,{SHARED},60"),
        format!("--host-record={},{ELSEWHERE},60", OUTSIDE[0].1),
        format!("--host-record={},{},2", BRIEF.name, BRIEF.address),
        format!("--cname={GEMINI},{},60", OUTSIDE[0].1),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let server = umbra_tests::name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &records);
    Some((bed, server))
}

#[test]
fn a_flow_without_a_name_has_that_of_its_process_s_answer() {
    let Some((bed, mut server)) = bed() else { return };
    let agent = Agent::start(&Setup::default());

    let pid = nameless(&bed, OPENAI.name, &[]);
    server.said("query[A] api.openai.com", Duration::from_secs(5));
    let flow = flow_of(&agent, |event| event.process.pid == pid);
    check_name(&flow.open, DNS, &OPENAI);
    assert_eq!((flow.open.dst.ip, flow.open.dst.port), (ALONE, 443));
    // Over TCP, too.
    let pid = nameless(&bed, OPENAI.name, &[("RES_OPTIONS", "use-vc")]);
    check_name(
        &flow_of(&agent, |event| event.process.pid == pid).open,
        DNS,
        &OPENAI,
    );
    // The name asked for stands, not that which it leads to.
    let pid = nameless(&bed, GEMINI, &[]);
    assert_eq!(
        flow_of(&agent, |event| event.process.pid == pid).open.name,
        GEMINI
    );

    // Who did not ask, and who asked for something else at the same address, has no name.
    let others = [
        nameless(&bed, &ALONE.to_string(), &[]),
        nameless(&bed, OUTSIDE[0].1, &[]),
        nameless(&bed, &ELSEWHERE.to_string(), &[]),
    ];
    untold(agent, [OUTSIDE[0].1], &others);
}

#[test]
fn an_answer_may_have_any_form() {
    if spared("forms of answers") {
        return;
    }
    let Some((bed, mut server)) = bed() else { return };
    let file = |kind: &str| bed.dir().join(format!("{}.{kind}", OPENAI.name));
    let mut over_ipv6 = bed.command("openssl");
    over_ipv6.args(["s_server", "-www", "-6", "-accept", &format!("[{ALONE_6}]:443")]);
    over_ipv6
        .arg("-cert")
        .arg(file("pem"))
        .arg("-key")
        .arg(file("key"));
    let mut over_ipv6 = Process::start(&mut over_ipv6);
    over_ipv6.said("ACCEPT", Duration::from_secs(10));
    let agent = Agent::start(&Setup::default());
    for (host, option, family, question, address) in [
        // As resolvers write names that want to know their answers again (draft-vixie-dnsext-dns0x20).
        ("aPi.OpEnAi.CoM", "", "-4", "query[A] aPi.OpEnAi.CoM", ALONE),
        (
            OPENAI.name,
            "edns0 trust-ad",
            "-4",
            "query[A] api.openai.com",
            ALONE,
        ),
        (OPENAI.name, "edns0", "-6", "query[AAAA] api.openai.com", ALONE_6),
        (
            OPENAI.name,
            "use-vc edns0",
            "-6",
            "query[AAAA] api.openai.com",
            ALONE_6,
        ),
    ] {
        let mut client = client(&bed, host);
        let pid = end_well(client.arg(family).env("RES_OPTIONS", option));
        server.said(question, Duration::from_secs(5));
        let flow = flow_of(&agent, |event| event.process.pid == pid).open;
        check_name(&flow, DNS, &OPENAI);
        assert_eq!(flow.dst.ip, address, "{host} {option:?}");
    }
    assert!(agent.stop().success());
}

#[test]
fn of_two_names_at_one_address_the_one_asked_for_stands() {
    if spared("two names at one address") {
        return;
    }
    let Some((bed, _server)) = bed() else { return };
    let agent = Agent::start(&Setup::default());
    let one = nameless(&bed, ANTHROPIC.name, &[]);
    let other = nameless(&bed, "claude.ai", &[]);
    check_name(
        &flow_of(&agent, |event| event.process.pid == one).open,
        DNS,
        &ANTHROPIC,
    );
    let flow = flow_of(&agent, |event| event.process.pid == other);
    assert_eq!(
        (flow.open.name.as_str(), flow.open.evidence.as_str()),
        ("claude.ai", "dns")
    );

    // One process that asked for both, and one that asked for neither.
    let both = python(&bed, &[ANTHROPIC.name, "claude.ai"], SHARED);
    let neither = python(&bed, &[], SHARED);
    untold(agent, [], &[both, neither]);
}

#[test]
fn a_name_in_the_hello_is_better_than_an_answer() {
    if spared("a hello against an answer") {
        return;
    }
    let Some((bed, _server)) = bed() else { return };
    let agent = Agent::start(&Setup::default());
    // It asked for a name of the catalogue, and greets the server by one outside of it.
    let mut client = bed.command("openssl");
    client.args(["s_client", "-servername", OUTSIDE[0].1, "-connect"]);
    let mut client = Process::start(client.arg(format!("{}:443", OPENAI.name)).stdin(Stdio::null()));
    client.wait(Duration::from_secs(20));
    untold(agent, [OUTSIDE[0].1], &[client.pid()]);
}

#[test]
fn an_answer_is_evidence_for_its_time_and_a_minute() {
    const SCRIPT: &str = "
import socket, ssl, sys, time
name, *times = sys.argv[1:]
begin = time.monotonic()
(_, _, _, _, address), *_ = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)
context = ssl._create_unverified_context()
for at in times:
    time.sleep(max(0, begin + float(at) - time.monotonic()))
    context.wrap_socket(socket.create_connection(address)).close()
";
    if spared("a minute") {
        return;
    }
    let Some((bed, _server)) = bed() else { return };
    let agent = Agent::start(&Setup::default());
    let mut client = bed.command("python3");
    let times = ["0", "60", "63"];
    let mut client = Process::start(client.args(["-c", SCRIPT, BRIEF.name]).args(times));
    client.succeed(Duration::from_secs(80));
    let truth = bed.connections();
    assert_eq!(truth.len(), times.len(), "{truth:?}");
    let flows = agent.stop_and_flows(|event| event.process.pid == client.pid());
    assert_eq!(flows.len(), times.len() - 1, "{flows:?}");
    for flow in flows {
        check_name(&flow.open, DNS, &BRIEF);
    }
}

/// Connects to a host with TLS that says no name; gives the process.
fn nameless(bed: &TestBed, host: &str, environment: &[(&str, &str)]) -> u32 {
    end_well(client(bed, host).envs(environment.iter().copied()))
}

fn client(bed: &TestBed, host: &str) -> Command {
    let mut client = bed.command("openssl");
    client.args(["s_client", "-noservername", "-connect", &format!("{host}:443")]);
    client.stdin(Stdio::null());
    client
}

fn end_well(client: &mut Command) -> u32 {
    let mut client = Process::start(client);
    client.succeed(Duration::from_secs(20));
    client.pid()
}

/// Asks for names and then connects to an address with TLS that says no name; gives the process.
fn python(bed: &TestBed, names: &[&str], address: IpAddr) -> u32 {
    const SCRIPT: &str = "
import socket, ssl, sys
address, *names = sys.argv[1:]
for name in names:
    socket.getaddrinfo(name, 443)
context = ssl._create_unverified_context()
context.wrap_socket(socket.create_connection((address, 443))).close()
";
    let mut client = bed.command("python3");
    end_well(client.args(["-c", SCRIPT, &address.to_string()]).args(names))
}
