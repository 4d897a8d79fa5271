use super::HostName;

#[test]
fn is_lower_case_and_without_trailing_dot() {
    for (written, read) in [
        ("API.OpenAI.com", "api.openai.com"),
        ("api.openai.com.", "api.openai.com"),
        ("localhost", "localhost"),
        ("r4---sn-5hne6nzy.example", "r4---sn-5hne6nzy.example"),
        ("_dns.example", "_dns.example"),
    ] {
        let name = HostName::read(written.as_bytes()).unwrap();
        assert_eq!(name.as_str(), read);
    }
}

#[test]
fn has_only_what_a_host_name_may_have() {
    let long_label = "a".repeat(64);
    let long = ["a"; 128].join(".");
    for written in [
        "",
        ".",
        "a..b",
        ".a",
        "a b",
        "a\0",
        "a\n.com",
        "ü.de",
        "a..",
        "[::1]",
        &long_label,
        &long,
    ] {
        assert_eq!(HostName::read(written.as_bytes()), None, "{written:?}");
    }
    assert_eq!(HostName::read(b"\xff.com"), None);
}
