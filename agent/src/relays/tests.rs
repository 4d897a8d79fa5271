use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};

use umbra_agent_common::flow::Owner;
use umbra_report::Evidence;

use super::*;
use crate::{
    flows::made_up,
    names::client::{Via, ViaProtocol},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn flow(id: &str, name: &str, pid: u32, second: i64, via: Option<u16>) -> Flow {
    let mut owner = Owner::default();
    owner.process.pid = pid;
    Flow {
        owner,
        opened: at(second),
        name: name.into(),
        evidence: Evidence::ProxyConnect,
        via: via.map(|_| Via {
            protocol: ViaProtocol::HttpConnect,
            hops: 1,
        }),
        remote: ([127, 0, 0, 1], via.unwrap_or(443)).into(),
        ..made_up::flow(id)
    }
}

fn child_of(parent: u32) -> Maker {
    Maker {
        ancestors: vec![parent],
        ..Maker::default()
    }
}

#[test]
fn the_flow_of_a_process_that_listens_there_is_the_relay() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = std::process::id();
    let mut relays = Relays::default();
    assert_eq!(
        relays.opened(&flow("a", "api.openai.com", 7, 1, Some(port)), &Maker::default()),
        None
    );

    let other = flow("b", "api.anthropic.com", proxy, 2, None);
    assert_eq!(relays.opened(&other, &Maker::default()), None, "another name");
    let earlier = flow("c", "api.openai.com", proxy, 0, None);
    assert_eq!(
        relays.opened(&earlier, &Maker::default()),
        None,
        "before the client asked"
    );
    let own = flow("d", "api.openai.com", 7, 2, None);
    assert_eq!(relays.opened(&own, &Maker::default()), None, "the client's own");
    let stranger = flow("e", "api.openai.com", 1, 2, None);
    assert_eq!(
        relays.opened(&stranger, &Maker::default()),
        None,
        "listens nowhere"
    );

    let relay = flow("f", "api.openai.com", 9, 2, None);
    assert_eq!(
        relays.opened(&relay, &child_of(proxy)),
        Some("a"),
        "its parent listens"
    );
    let second = flow("g", "api.openai.com", proxy, 3, None);
    assert_eq!(
        relays.opened(&second, &Maker::default()),
        None,
        "one client has one relay"
    );

    relays.closed("f", at(4));
    assert_eq!(relays.of("f"), None);
    relays.closed("a", at(4));
    relays.closed("g", at(15));
    assert!(relays.clients.is_empty(), "forgotten");
}

#[test]
fn over_udp_the_process_that_has_the_socket_there_is_the_relay() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let over_udp = |id, pid, second, via| Flow {
        protocol: Protocol::Udp,
        ..flow(id, "api.openai.com", pid, second, via)
    };
    let mut relays = Relays::default();
    relays.opened(&over_udp("a", 7, 1, Some(port)), &Maker::default());
    let tcp = flow("b", "api.openai.com", std::process::id(), 2, None);
    assert_eq!(relays.opened(&tcp, &Maker::default()), None, "carried otherwise");
    let relay = over_udp("c", std::process::id(), 2, None);
    assert_eq!(relays.opened(&relay, &Maker::default()), Some("a"));
}

#[test]
fn over_udp_a_proxy_that_has_given_the_socket_up_is_the_relay_if_it_listens() {
    let port = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let over_udp = |id, pid, second, via| Flow {
        protocol: Protocol::Udp,
        ..flow(id, "api.openai.com", pid, second, via)
    };
    let mut relays = Relays::default();
    relays.opened(&over_udp("a", 7, 1, Some(port)), &Maker::default());
    // `cat` waits for input that never comes, and listens nowhere.
    let mut bystander = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let stranger = over_udp("b", bystander.id(), 2, None);
    assert_eq!(relays.opened(&stranger, &Maker::default()), None);
    let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay = over_udp("c", std::process::id(), 2, None);
    assert_eq!(relays.opened(&relay, &Maker::default()), Some("a"));
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_client_that_ended_meanwhile_has_its_relay_all_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut relays = Relays::default();
    relays.opened(&flow("a", "api.openai.com", 7, 1, Some(port)), &Maker::default());
    relays.closed("a", at(3));
    let late = flow("b", "api.openai.com", std::process::id(), 4, None);
    assert_eq!(relays.opened(&late, &Maker::default()), None, "opened after it");
    let relay = flow("c", "api.openai.com", std::process::id(), 2, None);
    assert_eq!(relays.opened(&relay, &Maker::default()), Some("a"));
}

#[test]
fn the_flow_of_a_rootless_network_is_the_relay_of_who_is_in_it() {
    let (host, inside) = (10, 11);
    let mut relays = Relays {
        network: host,
        ..Relays::default()
    };
    let at = |network| Maker {
        network,
        ..Maker::default()
    };
    let slirp = |network| Maker {
        is_network: true,
        ..at(network)
    };
    let openai = |id, pid, second| flow(id, "api.openai.com", pid, second, None);
    relays.opened(&openai("host's", 6, 1), &at(host));
    assert_eq!(
        relays.opened(&openai("b", 9, 1), &slirp(host)),
        None,
        "nobody is inside"
    );
    relays.opened(&openai("inside", 7, 2), &at(inside));
    assert_eq!(
        relays.opened(&openai("c", 8, 3), &at(host)),
        None,
        "another program"
    );
    assert_eq!(
        relays.opened(&openai("d", 9, 3), &slirp(inside)),
        None,
        "inside itself"
    );
    let other = flow("e", "api.anthropic.com", 9, 3, None);
    assert_eq!(relays.opened(&other, &slirp(host)), None, "another name");
    assert_eq!(relays.opened(&openai("f", 9, 3), &slirp(host)), Some("inside"));
    assert_eq!(
        relays.opened(&openai("g", 9, 3), &slirp(host)),
        None,
        "it has one"
    );
}

#[test]
fn a_network_lies_where_root_alone_writes() {
    assert!(networks::is_one("/usr/bin/pasta.avx2"));
    assert!(!networks::is_one("/home/ann/bin/pasta"));
    assert!(!networks::is_one("/usr/bin/pastas"));
}
