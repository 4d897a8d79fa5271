/// Longest name in the DNS, as text without the trailing dot (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

/// What is printed and looked up as a name must be one, in the one spelling.
pub fn assert_host_name(name: &str) {
    assert!(
        (1..=LONGEST).contains(&name.len()),
        "{name:?} is too long or empty"
    );
    assert!(!name.ends_with('.'), "{name:?} has a trailing dot");
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    assert!(
        name.bytes().all(plain),
        "{name:?} has bytes that no host name has"
    );
}
