use proptest::prelude::*;
use umbra_agent_common::{
    flow::{EVIDENCE_TLS, Owner},
    trie::NAME_MAX,
};

use super::*;

/// A record of a flow that asked for `name`.
pub(crate) fn record(name: &[u8]) -> FlowRecord {
    let mut bytes = [0; NAME_MAX + 3];
    bytes[..name.len()].copy_from_slice(name);
    FlowRecord {
        owner: Owner::default(),
        opened_ns: 1,
        named_ns: 2,
        last_ns: 3,
        socket: 4,
        bytes_out: 0,
        bytes_in: 0,
        pattern: 1,
        round_trip_us: 0,
        closed: 0,
        protocol: 6,
        via: 0,
        hops: 0,
        flags: 0,
        target: 0,
        family: 4,
        evidence: EVIDENCE_TLS,
        remote_address: [192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        local_address: [0; 16],
        remote_port: 443,
        local_port: 50_000,
        name_length: u32::try_from(name.len()).unwrap(),
        name: bytes,
    }
}

#[test]
fn a_record_tells_name_address_and_protocol() {
    let tcp = record(b"API.OpenAI.com");
    assert_eq!(text(&tcp), "api.openai.com");
    assert_eq!(host(&tcp), "api.openai.com");
    assert_eq!(host(&record(b"[0a010203")), "10.1.2.3");
    assert_eq!(host(&record(b"[fd000000000000000000000000000005")), "fd00::5");
    assert_eq!(host(&record(b"[what.openai.com")), "?what.openai.com");
    assert_eq!(remote(&tcp), "192.0.2.7:443".parse().unwrap());
    assert_eq!(protocol(&tcp), Protocol::Tcp);
    let udp = FlowRecord {
        protocol: 17,
        family: 6,
        ..record(b"")
    };
    assert_eq!(text(&udp), "");
    assert!(remote(&udp).is_ipv6());
    assert_eq!(protocol(&udp), Protocol::Udp);
}

proptest! {
    #[test]
    fn whatever_a_client_writes_is_a_host_name_of_that_length(name in prop::collection::vec(any::<u8>(), 0..=NAME_MAX)) {
        let text = text(&record(&name));
        prop_assert_eq!(text.len(), name.len());
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || b"-._?".contains(&byte)));
    }
}
