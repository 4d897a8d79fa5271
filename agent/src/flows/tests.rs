use proptest::prelude::*;
use umbra_agent_common::{flow::EVIDENCE_TLS, trie::NAME_MAX};

use super::*;

fn record(name: &[u8]) -> FlowRecord {
    let mut bytes = [0; NAME_MAX + 3];
    bytes[..name.len()].copy_from_slice(name);
    FlowRecord {
        owner: Owner::default(),
        opened_ns: 1,
        named_ns: 2,
        last_ns: 3,
        bytes_out: 0,
        bytes_in: 0,
        pattern: 1,
        round_trip_us: 0,
        closed: 0,
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
fn a_record_becomes_a_flow() {
    let flow = flow(7, &record(b"API.OpenAI.com"), &Clock::now());
    assert_eq!((&*flow.name, flow.evidence), ("api.openai.com", Evidence::TlsSni));
    assert_eq!(flow.remote, "192.0.2.7:443".parse().unwrap());
    let address = FlowRecord {
        evidence: EVIDENCE_ADDRESS,
        family: 6,
        ..record(b"")
    };
    let flow = super::flow(7, &address, &Clock::now());
    assert_eq!((&*flow.name, flow.evidence), ("", Evidence::Ip));
    assert!(flow.remote.is_ipv6());
}

proptest! {
    #[test]
    fn whatever_a_client_writes_is_a_host_name_of_that_length(name in prop::collection::vec(any::<u8>(), 0..=NAME_MAX)) {
        let flow = flow(7, &record(&name), &Clock::now());
        prop_assert_eq!(flow.name.len(), name.len());
        prop_assert!(flow.name.bytes().all(|byte| byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || b"-._?".contains(&byte)));
    }
}
