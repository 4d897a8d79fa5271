use std::net::TcpListener;

use umbra_agent_common::flow::Owner;
use umbra_report::{Evidence, Protocol};

use super::*;
use crate::names::client::{Via, ViaProtocol};

fn flow(id: &str, name: &str, pid: u32, second: i64, via: Option<u16>) -> Flow {
    let mut owner = Owner::default();
    owner.process.pid = pid;
    Flow {
        id: id.to_owned(),
        owner,
        opened: Timestamp::from_second(second).unwrap(),
        pattern: 1,
        name: name.into(),
        evidence: Evidence::ProxyConnect,
        ech: false,
        via: via.map(|_| Via {
            protocol: ViaProtocol::HttpConnect,
            hops: 1,
        }),
        protocol: Protocol::Tcp,
        remote: ([127, 0, 0, 1], via.unwrap_or(443)).into(),
    }
}

#[test]
fn the_flow_of_a_process_that_listens_there_is_the_relay() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = std::process::id();
    let mut relays = Relays::default();
    assert_eq!(
        relays.opened(&flow("a", "api.openai.com", 7, 1, Some(port)), [].into_iter()),
        None
    );

    let other = flow("b", "api.anthropic.com", proxy, 2, None);
    assert_eq!(relays.opened(&other, [].into_iter()), None, "another name");
    let earlier = flow("c", "api.openai.com", proxy, 0, None);
    assert_eq!(
        relays.opened(&earlier, [].into_iter()),
        None,
        "before the client asked"
    );
    let own = flow("d", "api.openai.com", 7, 2, None);
    assert_eq!(relays.opened(&own, [].into_iter()), None, "the client's own");
    let stranger = flow("e", "api.openai.com", 1, 2, None);
    assert_eq!(relays.opened(&stranger, [].into_iter()), None, "listens nowhere");

    let relay = flow("f", "api.openai.com", 9, 2, None);
    assert_eq!(
        relays.opened(&relay, [proxy].into_iter()),
        Some("a"),
        "its parent listens"
    );
    let second = flow("g", "api.openai.com", proxy, 3, None);
    assert_eq!(
        relays.opened(&second, [].into_iter()),
        None,
        "one client has one relay"
    );

    relays.closed("f");
    assert_eq!(relays.of("f"), None);
    relays.closed("a");
    assert!(relays.clients.is_empty());
}
