//! When the hello is encrypted, the name beside it may be a front's; what the process asked the DNS for tells.

use std::net::{IpAddr, Ipv4Addr};

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::hello::Hello;
use umbra_tests::name_server::encrypting;
use umbra_tests::nss;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::expect::{DNS, SOON, TLS, check_name, flow_of, is_of, untold};
use crate::names::{OPENAI, bed_without_names};

const FRONT: &str = "front.example";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 11));

#[test]
fn behind_a_front_the_name_is_that_of_the_answer() {
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
