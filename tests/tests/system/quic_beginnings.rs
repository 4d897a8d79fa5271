//! QUIC is named whatever its beginning is like: in versions 1 and 2, with early data, with a second hello, and by the DNS
//! when the hello says no name.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};
use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, QUIC_CLIENTS, Tool, named, python_server};
use umbra_tests::event::Flow;
use umbra_tests::name_server;
use umbra_tests::process::Process;
use umbra_tests::skip::{skip, spared};

use crate::expect::{
    DNS_OF_UDP, QUIC, agreement, check_by, check_name, flow_of, is_of, is_part_of, nothing_lost,
};
use crate::names::{Known, OPENAI, bed_serving, bed_without_names};

const PORTS: [&str; 4] = ["--quic", "443", "--quic-again", "9443"];
/// For documentation (RFC 5737); the test's namespace has it on its loopback.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 16));

#[test]
fn early_data_and_a_second_hello_are_read() {
    let Some(bed) = bed_serving(&[], &PORTS) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    // A ticket comes with the first connection, so that there are two.
    let early = fetched(&agent, &bed, &["--early"], 443, "/bytes/3000/early");
    assert_eq!(early.len(), 2, "{early:?}");
    if !spared("a second hello over QUIC") {
        let [once, twice] = [(443, "/bytes/3000/once"), (9443, "/bytes/3000/twice")]
            .map(|(port, path)| fetched(&agent, &bed, &["--steady"], port, path));
        let sent = |flows: &[Flow]| flows[0].bytes().map(|bytes| bytes.out);
        assert_eq!((once.len(), twice.len()), (1, 1), "{once:?} {twice:?}");
        // Each hello fills a datagram at least.
        assert!(
            sent(&twice) > sent(&once).map(|bytes| bytes + 1_000),
            "{once:?} {twice:?}"
        );
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

/// Fetches with quinn, and checks what the agent says of each connection against the server's count.
fn fetched(agent: &Agent, bed: &TestBed, manner: &[&str], port: u16, path: &str) -> Vec<Flow> {
    let tool = named("quinn").with(manner);
    let known = Known { port, ..OPENAI };
    let run = bed.run(
        &tool,
        &Call {
            port,
            ..Call::to(known.name, path)
        },
    );
    let flows = agreement(
        agent,
        bed,
        |event| is_of(event, &tool, &run, bed),
        |truth| truth.local.port() == port && is_part_of(truth, &tool, &known, path),
    );
    for flow in &flows {
        check_by(flow, QUIC, &known, &tool, &run, bed, 0);
    }
    flows
}

#[test]
fn version_2_is_read_from_its_first_packet_and_after_version_1() {
    if spared("version 2") {
        return;
    }
    let Some(bed) = bed_serving(&[], &["--issue", OPENAI.name]) else {
        return;
    };
    let (version_1, version_2) = (1, 0x6b33_43cf_u32);
    let tools = [
        (quic_or_skipped("aioquic-v2"), version_2),
        // The server changes it without another hello (RFC 9368, section 2.3).
        (quic_or_skipped("aioquic-v1-v2"), version_1),
    ];
    let (python, script) = match python_server("quic_server.py") {
        Ok(both) => both,
        Err(why) => return skip(&why),
    };
    let mut command = bed.command(python);
    let file = |kind: &str| bed.dir().join(format!("{}.{kind}", OPENAI.name));
    let mut server = Process::start(command.arg(script).arg("443").arg(file("pem")).arg(file("key")));
    server.said("serving", Duration::from_secs(10));

    let agent = Agent::start(&Setup::default());
    for (tool, begins) in tools {
        let Some(tool) = tool else { continue };
        let run = bed.run(&tool, &Call::to(OPENAI.name, "/any"));
        let line = server.said(&format!("\"began\": {begins},"), Duration::from_secs(10));
        let truth: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(truth["version"], json!(version_2), "{truth}");
        let flow = flow_of(&agent, |event| is_of(event, &tool, &run, &bed));
        check_by(&flow, QUIC, &OPENAI, &tool, &run, &bed, 0);
    }
    assert!(agent.stop().success());
}

#[test]
fn a_hello_that_says_no_name_has_that_of_the_answer() {
    let Some(bed) = bed_without_names(&PORTS) else {
        return;
    };
    bed.add_address(ADDRESS);
    let record = format!("--host-record={},{ADDRESS},60", OPENAI.name);
    let _server = name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &[&record]);
    let agent = Agent::start(&Setup::default());
    let tool = named("quinn").with(&["--nameless", "localhost"]);
    let run = bed.run(&tool, &Call::to(OPENAI.name, "/bytes/1000"));
    let truth = bed.connections();
    assert!(truth.len() == 1 && truth[0].name.is_none(), "{truth:?}");
    let flow = flow_of(&agent, |event| is_of(event, &tool, &run, &bed));
    check_name(&flow.open, DNS_OF_UDP, &OPENAI);
    assert_eq!((flow.open.dst.ip, flow.open.dst.port), (ADDRESS, 443));
    assert!(agent.stop().success());
}

/// A client of [`QUIC_CLIENTS`]; says why it is left out.
pub(crate) fn quic_or_skipped(name: &str) -> Option<Tool> {
    let client = QUIC_CLIENTS.iter().find(|client| client.name == name)?;
    client.tool().map_err(|why| skip(&format!("{name}: {why}"))).ok()
}
