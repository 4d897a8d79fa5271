use super::Target;

#[test]
fn names_are_told_from_addresses() {
    let Target::Name(name) = Target::read(b"API.openai.com.") else {
        panic!("no name");
    };
    assert_eq!(name.as_str(), "api.openai.com");
    for address in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"] {
        let address: std::net::IpAddr = address.parse().unwrap();
        let text = address.to_string();
        assert_eq!(Target::read(text.as_bytes()), Target::Address(address));
    }
    for unclear in [
        "",
        ".",
        "127.1",
        "2130706433",
        "a b.example",
        "fe80::1%eth0",
        "a.1",
    ] {
        assert_eq!(Target::read(unclear.as_bytes()), Target::Unclear, "{unclear}");
    }
    assert_eq!(Target::read(&[0xff; 9]), Target::Unclear);
    assert!(Target::read(b"1e100.net").name().is_some());
}
