//! Behind systemd-resolved a flow that says no name, or an encrypted one, has the name that was asked for: by its own
//! process at the stub, or by way of the Unix socket that nss-resolve uses.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::hello::Hello;
use umbra_tests::machine::binary;
use umbra_tests::name_server;
use umbra_tests::process::Process;
use umbra_tests::resolved::Resolved;
use umbra_tests::skip::{skip, spared};

use crate::expect::{DNS, check_name, flow_of, untold};
use crate::names::{ANTHROPIC, Known, OPENAI, OUTSIDE, bed_without_names};

/// For documentation (RFC 5737); the test's namespace has them on its loopback.
const AT_THE_STUB: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 20));
const BY_SOCKET: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 21));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 22));
const UPSTREAM: &str = "127.0.0.2";
const FRONT: &str = "front.example";

/// As nss-resolve asks (varlink); then TLS that says no name.
const BY_SOCKET_SCRIPT: &str = r#"
import json, socket, ssl, sys
path, name = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as resolved:
    resolved.connect(path)
    call = {"method": "io.systemd.Resolve.ResolveHostname", "parameters": {"name": name, "family": socket.AF_INET}}
    resolved.sendall(json.dumps(call).encode() + b"\0")
    answer = b""
    while not answer.endswith(b"\0"):
        answer += resolved.recv(65536)
address = ".".join(map(str, json.loads(answer[:-1])["parameters"]["addresses"][0]["address"]))
context = ssl._create_unverified_context()
context.wrap_socket(socket.create_connection((address, 443))).close()
"#;

#[test]
fn who_asks_systemd_resolved_is_named_without_a_name_in_the_hello() {
    if spared("systemd-resolved") {
        return;
    }
    let Some(bed) = bed_without_names(&[]) else { return };
    for address in [AT_THE_STUB, BY_SOCKET, ELSEWHERE] {
        bed.add_address(address);
    }
    let records = [
        (OPENAI.name, AT_THE_STUB),
        (ANTHROPIC.name, BY_SOCKET),
        (OUTSIDE[0].1, ELSEWHERE),
    ]
    .map(|(name, address)| format!("--host-record={name},{address},60"));
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let mut server = name_server::start(&mut bed.command("dnsmasq"), UPSTREAM, &records);
    let resolved = match Resolved::start(&bed, UPSTREAM) {
        Ok(resolved) => resolved,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let named = |pid: u32, known: &Known, address: IpAddr, ech: bool| {
        let flow = flow_of(&agent, |event| event.process.pid == pid).open;
        check_name(&flow, DNS, known);
        assert_eq!((flow.dst.ip, flow.ech), (address, ech), "{flow:?}");
    };

    let openssl = |host: &str| {
        let mut client = with_stub(&bed);
        client.args([
            "openssl",
            "s_client",
            "-noservername",
            "-connect",
            &format!("{host}:443"),
        ]);
        end_well(client.stdin(Stdio::null()))
    };
    named(openssl(OPENAI.name), &OPENAI, AT_THE_STUB, false);
    server.said("query[A] api.openai.com", Duration::from_secs(5));
    let hello = Hello {
        name: Some(FRONT),
        encrypted: true,
        ..Hello::default()
    };
    fs::write(bed.dir().join("hello"), hello.records(usize::MAX)).expect("the bed's own folder");
    let greet = |host: &str| {
        let mut client = with_stub(&bed);
        client.arg(binary("umbra-testbed").expect("it is ready"));
        end_well(client.args(["say", host, "443", "hello"]))
    };
    named(greet(OPENAI.name), &OPENAI, AT_THE_STUB, true);

    let mut client = bed.command("python3");
    client.args(["-c", BY_SOCKET_SCRIPT]).arg(&resolved.socket);
    named(end_well(client.arg(ANTHROPIC.name)), &ANTHROPIC, BY_SOCKET, false);
    // Whoever asked so, for it does not show.
    named(greet(&BY_SOCKET.to_string()), &ANTHROPIC, BY_SOCKET, true);

    let outside = [openssl(OUTSIDE[0].1), greet(OUTSIDE[0].1)];
    untold(agent, [FRONT, OUTSIDE[0].1], &outside);
}

/// A command whose names are asked for at the stub.
fn with_stub(bed: &TestBed) -> Command {
    let mut command = bed.command("sh");
    command.args([
        "-c",
        "echo nameserver 127.0.0.53 > stub && mount --bind stub /etc/resolv.conf && exec \"$0\" \"$@\"",
    ]);
    command
}

fn end_well(command: &mut Command) -> u32 {
    let mut process = Process::start(command);
    process.succeed(Duration::from_secs(20));
    process.pid()
}
