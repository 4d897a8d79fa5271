use super::{record::tests::record, *};

#[test]
fn a_flow_on_a_socket_that_lives_on_ends_by_its_silence() {
    let minute = 60 * 1_000_000_000;
    let tcp = FlowRecord {
        owner: Owner {
            source: OWNER_AT_CONNECT,
            ..Owner::default()
        },
        ..record(b"api.openai.com")
    };
    assert!(!is_silent(&tcp, 1000 * minute), "the kernel tells its end");
    let older = record(b"api.openai.com");
    assert!(!is_silent(&older, 59 * minute));
    assert!(is_silent(&older, 61 * minute));
    let quic = FlowRecord { protocol: 17, ..tcp };
    assert!(!is_silent(&quic, 4 * minute));
    assert!(is_silent(&quic, 6 * minute));
}
