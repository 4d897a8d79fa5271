use proptest::prelude::*;

use super::*;

fn has(gate: &str, proxy: &str) -> bool {
    let gate: Gate = gate.parse().expect("a gate");
    gate.has(proxy.parse().expect("a proxy"))
}

#[test]
fn a_gate_has_its_addresses_and_no_others() {
    assert!(has("10.1.2.3", "10.1.2.3:3128"));
    assert!(has("10.1.2.3", "[::ffff:10.1.2.3]:3128"));
    assert!(has("10.1.2.3:3128", "10.1.2.3:3128"));
    assert!(!has("10.1.2.3:3128", "10.1.2.3:8080"));
    assert!(!has("10.1.2.3", "10.1.2.4:3128"));
    assert!(has("10.1.2.0/24", "10.1.2.255:1"));
    assert!(!has("10.1.2.0/24", "10.1.3.0:1"));
    assert!(has("0.0.0.0/0", "192.0.2.1:1"));
    assert!(!has("0.0.0.0/0", "[2001:db8::1]:1"));
    assert!(has("[fd00::1]:3128", "[fd00::1]:3128"));
    assert!(has("fd00::/8", "[fdff::1]:1"));
    assert!(!has("fd00::/8", "[fe00::1]:1"));
    assert!(has("::/0", "[fe00::1]:1"));
}

#[test]
fn what_is_no_address_is_refused_with_the_remedy() {
    for text in [
        "",
        "proxy.corp:3128",
        "10.1.2.3/33",
        "fd00::1/129",
        "10.1.2.3/",
        "10.1.2.0/24:3128",
        "10.1.2.3:70000",
    ] {
        let error = text.parse::<Gate>().expect_err(text);
        assert!(error.to_string().contains("10.1.2.3:3128"), "{error}");
    }
}

proptest! {
    #[test]
    fn a_gate_reads_back(address: std::net::IpAddr, port: Option<u16>, bits in 0..=32_u8) {
        let address = address.to_canonical();
        let text = match port {
            Some(port) => SocketAddr::new(address, port).to_string(),
            None => format!("{address}/{bits}"),
        };
        let gate: Gate = text.parse().expect("a gate");
        prop_assert_eq!(gate.to_string().parse::<Gate>().expect("a gate"), gate);
        prop_assert!(gate.has(SocketAddr::new(address, port.unwrap_or(1))));
    }
}
