//! A flow that says no name, of a process that asked by another way than the DNS, has the name that the host's resolver
//! asked for.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::machine::program;
use umbra_tests::name_server;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::expect::{DNS, SOON, check_name, flow_of, untold};
use crate::names::{ANTHROPIC, OPENAI, bed_without_names};

/// For documentation (RFC 5737); the test's namespace has them on its loopback.
const ALONE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 12));
const SHARED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 13));
const PRETENDED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 14));
const GEMINI: &str = "generativelanguage.googleapis.com";
/// Where programs ask (`/etc/resolv.conf` in the namespace), and who is asked by a resolver there.
const HERE: &str = "127.0.0.1";
const UPSTREAM: &str = "127.0.0.2";
/// One that only has a resolver's name.
const HOME_MADE: &str = "127.0.0.3";

/// A bed, and a name server at an address of its loopback; the names of `SHARED` are two.
fn bed(server: &str) -> Option<(TestBed, Process)> {
    let bed = bed_without_names(&[])?;
    for address in [ALONE, SHARED, PRETENDED] {
        bed.add_address(address);
    }
    let records = [
        format!("--host-record={},{ALONE},60", OPENAI.name),
        format!("--host-record={},{SHARED},60", ANTHROPIC.name),
        format!("--host-record=claude.ai,{SHARED},60"),
        format!("--host-record={GEMINI},{PRETENDED},60"),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let server = name_server::start(&mut bed.command("dnsmasq"), server, &records);
    Some((bed, server))
}

#[test]
fn what_the_host_s_stub_asked_for_names_the_flows_of_others() {
    if spared("the host’s stub") {
        return;
    }
    let Some((bed, _server)) = bed(UPSTREAM) else {
        return;
    };
    let mut stub = name_server::stub(&mut bed.command("dnsmasq"), HERE, UPSTREAM);
    let agent = Agent::start(&Setup::default());

    // Nobody asked yet.
    let before = connect(&mut bed.command("openssl"), ALONE);
    look_up(&bed, OPENAI.name, HERE);
    stub.said("forwarded api.openai.com", Duration::from_secs(5));
    let flow = flow_of_pid(&agent, connect(&mut bed.command("openssl"), ALONE));
    check_name(&flow, DNS, &OPENAI);

    // An address of two names that were asked for is evidence for neither.
    look_up(&bed, ANTHROPIC.name, HERE);
    look_up(&bed, "claude.ai", HERE);
    let either = connect(&mut bed.command("openssl"), SHARED);

    // A program of a user's own is no resolver of the host, whatever its name is.
    let own = bed.dir().join("dnsmasq");
    fs::copy(program("dnsmasq").expect("it runs already"), &own).expect("the bed's own folder");
    let _own = name_server::stub(&mut bed.command(&own), HOME_MADE, UPSTREAM);
    look_up(&bed, GEMINI, HOME_MADE);
    let pretended = connect(&mut bed.command("openssl"), PRETENDED);
    untold(agent, ["claude.ai"], &[before, either, pretended]);
}

#[test]
fn what_nscd_asked_for_names_the_flows_of_others() {
    if spared("nscd") {
        return;
    }
    if !ready(&[Need::Program("nscd")]) {
        return;
    }
    let Some((bed, mut server)) = bed(HERE) else {
        return;
    };
    let _nscd = nscd(&bed);
    let agent = Agent::start(&Setup::default());
    let call = |name: &str| {
        let mut client = with_nscd(&bed, "openssl");
        client.args(["s_client", "-noservername", "-connect", &format!("{name}:443")]);
        end_well(client.stdin(Stdio::null()))
    };
    // The second is answered out of nscd's memory.
    for _ in 0..2 {
        check_name(&flow_of_pid(&agent, call(OPENAI.name)), DNS, &OPENAI);
    }
    server.said("query[A] api.openai.com", Duration::from_secs(5));
    let asked = server.stderr.text().matches("query[A] api.openai.com").count();
    assert_eq!(asked, 1, "{}", server.stderr.text());
    assert!(agent.stop().success());
}

/// A caching daemon of the C library's, which programs of the same folder `/run` ask through a Unix socket.
fn nscd(bed: &TestBed) -> Process {
    let socket = bed.dir().join("run/nscd/socket");
    fs::create_dir_all(socket.parent().expect("a folder")).expect("the bed's own folder");
    let config = bed.dir().join("nscd.conf");
    let lines = "enable-cache hosts yes\npositive-time-to-live hosts 600\ncheck-files hosts no\n\
                 persistent hosts no\nshared hosts no\n";
    fs::write(&config, lines).expect("the bed's own folder");
    let daemon = Process::start(
        with_nscd(bed, "nscd")
            .args(["--foreground", "--config-file"])
            .arg(config),
    );
    eventually(SOON, || {
        let listens = socket.exists();
        listens.then_some(()).ok_or_else(|| daemon.stderr.text())
    });
    daemon
}

/// A command that sees the bed's own `/run`, so that nscd's socket is of the test's namespace alone.
fn with_nscd(bed: &TestBed, program: &str) -> Command {
    let mut command = bed.command("sh");
    command
        .args(["-c", "mount --bind \"$0\" /run && exec \"$@\""])
        .arg(bed.dir().join("run"))
        .arg(program);
    command
}

/// Asks a name server, in a process that ends then.
fn look_up(bed: &TestBed, name: &str, server: &str) {
    // By the C library alone, so that nothing else has to be there.
    let mut asker = bed.command("sh");
    asker.args([
        "-c",
        "echo \"nameserver $0\" > resolv && mount --bind resolv /etc/resolv.conf && getent ahostsv4 \"$1\"",
        server,
        name,
    ]);
    end_well(&mut asker);
}

/// Connects to an address with TLS that says no name; gives the process.
fn connect(openssl: &mut Command, address: IpAddr) -> u32 {
    openssl.args(["s_client", "-noservername", "-connect", &format!("{address}:443")]);
    end_well(openssl.stdin(Stdio::null()))
}

fn end_well(command: &mut Command) -> u32 {
    let mut process = Process::start(command);
    process.succeed(Duration::from_secs(20));
    process.pid()
}

fn flow_of_pid(agent: &Agent, pid: u32) -> umbra_tests::Event {
    flow_of(agent, |event| event.process.pid == pid).open
}
