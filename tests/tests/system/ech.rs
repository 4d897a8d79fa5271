//! When the hello is encrypted, the name beside it may be a front's; what the process asked the DNS for tells.

use std::net::{IpAddr, Ipv4Addr};

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::hello::Hello;

use crate::expect::{DNS, TLS, check_name, flow_of, untold};
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
