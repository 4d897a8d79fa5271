//! When the hello is encrypted, the name beside it may be a front's; what the process asked the DNS for tells.

use std::net::{IpAddr, Ipv4Addr};

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::hello::Hello;
use umbra_tests::name_server::encrypting;
use umbra_tests::nss;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::expect::{DNS, DNS_OF_UDP, SOON, TLS, check_name, flow_of, is_of, untold};
use crate::names::{OPENAI, bed_without_names};
use crate::quic_beginnings::quic_or_skipped;

const FRONT: &str = "front.example";
/// Encrypted names that could not be known.
const ENCRYPTED: &str = "umbra_agent_losses_total{cause=\"name_encrypted\"}";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 11));

#[test]
fn behind_a_front_the_name_is_that_of_the_answer() {
    if spared("a front") {
        return;
    }
    let Some(bed) = bed_without_names(&[]) else { return };
    bed.add_address(ADDRESS);
    let records = [
        format!("--host-record={},{ADDRESS},60", OPENAI.name),
        format!("--host-record={FRONT},{ADDRESS},60"),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let _server = umbra_tests::name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &records);
    let agent = Agent::start(&Setup::default());
    let greet = |host: &str, name: &str, encrypted: bool, pieces: &[&str]| {
        let hello = Hello {
            name: Some(name),
            encrypted,
            ..Hello::default()
        };
        let (pid, truth) = bed.say(host, 443, &hello.records(usize::MAX), pieces);
        assert_eq!(truth.name.as_deref(), Some(name), "{truth:?}");
        pid
    };
    let open = |pid: u32| flow_of(&agent, |event| event.process.pid == pid).open;
    for pieces in [&[][..], &["--piece", "1"]] {
        let flow = open(greet(OPENAI.name, FRONT, true, pieces));
        check_name(&flow, DNS, &OPENAI);
        assert!(flow.ech, "{flow:?}");
        // What only looks encrypted stands beside the true name.
        let flow = open(greet(OPENAI.name, OPENAI.name, true, pieces));
        check_name(&flow, TLS, &OPENAI);
        assert!(!flow.ech, "{flow:?}");
    }
    // Nothing is encrypted, or nothing was asked for: it is what it says.
    let outside = [
        greet(OPENAI.name, FRONT, false, &[]),
        greet(FRONT, FRONT, true, &[]),
        greet(&ADDRESS.to_string(), FRONT, true, &[]),
    ];
    untold(agent, ["\"name\":\"front.example\""], &outside);
}

#[test]
fn a_name_that_cannot_be_known_is_counted() {
    if spared("counting encrypted names") {
        return;
    }
    let Some(bed) = bed_without_names(&["--quic", "443"]) else {
        return;
    };
    bed.add_address(ADDRESS);
    let records = [
        format!("--host-record={},{ADDRESS},60", OPENAI.name),
        format!("--host-record={FRONT},{ADDRESS},60"),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let _server = umbra_tests::name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &records);
    let agent = Agent::start(&Setup::default());
    let hello = |encrypted| {
        let hello = Hello {
            name: Some(FRONT),
            encrypted,
            ..Hello::default()
        };
        hello.records(usize::MAX)
    };
    let counts = |wanted: u32| {
        eventually(SOON, || {
            let counted = agent.metrics().get(ENCRYPTED);
            ((counted - f64::from(wanted)).abs() < 0.5)
                .then_some(())
                .ok_or_else(|| format!("{counted}, not {wanted}"))
        });
    };
    // An address that nobody was given for a name of the catalogue.
    let mut pids = vec![bed.say(FRONT, 443, &hello(true), &[]).0];
    let named = bed.say(OPENAI.name, 443, &hello(true), &[]).0;
    flow_of(&agent, |event| event.process.pid == named);
    counts(0);
    // From here on somebody was, but not who says hello.
    let mut wanted = 0;
    for pieces in [&[][..], &["--piece", "1"], &["--piece", "100"]] {
        pids.push(bed.say(FRONT, 443, &hello(false), pieces).0);
        pids.push(bed.say(FRONT, 443, &hello(true), pieces).0);
        pids.push(bed.say(&ADDRESS.to_string(), 443, &hello(true), pieces).0);
        wanted += 2;
        counts(wanted);
    }
    if let Some(aioquic) = quic_or_skipped("aioquic") {
        let encrypting = aioquic.clone().with(&[&format!("ech:{FRONT}")]);
        pids.push(bed.run(&aioquic, &Call::to(FRONT, "/bytes/10")).process.pid());
        pids.push(bed.run(&encrypting, &Call::to(FRONT, "/bytes/10")).process.pid());
        counts(wanted + 1);
        // Who asked for the name behind it is known by that.
        let run = bed.run(&encrypting, &Call::to(OPENAI.name, "/bytes/10"));
        let flow = flow_of(&agent, |event| is_of(event, &encrypting, &run, &bed));
        check_name(&flow.open, DNS_OF_UDP, &OPENAI);
        assert!(flow.open.ech, "{flow:?}");
        counts(wanted + 1);
    }
    untold(agent, [], &pids);
}

#[test]
fn a_browser_s_true_one_is_known_by_the_configuration_that_it_was_given() {
    let needs = [Need::Program("chromium"), Need::Program("certutil")];
    if !ready(&needs) || spared("Chromium") {
        return;
    }
    let Some(bed) = bed_without_names(&[]) else { return };
    bed.add_address(ADDRESS);
    let records = [
        format!("--host-record={},{ADDRESS},60", OPENAI.name),
        encrypting(OPENAI.name, FRONT),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let _server = umbra_tests::name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &records);
    nss::trust(bed.dir(), &bed.authority(), "none.example");
    let agent = Agent::start(&Setup::default());
    let tool = named("chromium-ech");
    let path = "/bytes/1000";
    let run = bed.run(&tool, &Call::to(OPENAI.name, path));
    eventually(SOON, || {
        // The server has no key to the hello and proves to be the front; then the browser asks in the clear.
        let connections = bed.connections();
        let counted = |name| {
            connections
                .iter()
                .filter(move |truth| truth.name.as_deref() == Some(name))
        };
        let (behind, clear) = (counted(FRONT).count(), counted(OPENAI.name).count());
        let got = counted(OPENAI.name).any(|truth| truth.path.as_deref() == Some(path));
        let flows = agent.flows(|event| is_of(event, &tool, &run, &bed));
        let (encrypted, others): (Vec<_>, Vec<_>) = flows.iter().partition(|flow| flow.open.ech);
        let agree = got && behind > 0 && (encrypted.len(), others.len()) == (behind, clear);
        for (flows, evidence) in [(encrypted, DNS), (others, TLS)] {
            for flow in flows {
                check_name(&flow.open, evidence, &OPENAI);
            }
        }
        agree
            .then_some(())
            .ok_or_else(|| format!("{flows:?}\n{connections:?}"))
    });
    untold(agent, [FRONT], &[]);
}
