//! What clients say to proxies.

pub(super) const NAME: &str = "api.openai.com";
/// The password of [`LOGIN`], and of every other login here.
pub(super) const SECRET: &[u8] = b"s3cr3t-of-mine";
pub(super) const LOGIN: &str = "Basic s3cr3t-of-mine";

/// A request for a tunnel to `target`, a host and port, with a login.
pub(super) fn connect(target: &str) -> Vec<u8> {
    let head = format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: {LOGIN}\r\nHost: {target}\r\n\r\n");
    head.into_bytes()
}

/// All that a client sends for a tunnel by SOCKS 5, with a login.
pub(super) fn socks5(host: &str) -> Vec<u8> {
    let length = |text: &[u8]| [u8::try_from(text.len()).unwrap()];
    let request = match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => [&[1][..], &address.octets()].concat(),
        Ok(std::net::IpAddr::V6(address)) => [&[4][..], &address.octets()].concat(),
        Err(_) => [&[3][..], &length(host.as_bytes()), host.as_bytes()].concat(),
    };
    [
        &b"\x05\x02\0\x02"[..],
        &[1],
        &length(SECRET),
        SECRET,
        &length(SECRET),
        SECRET,
        b"\x05\x01\0",
        &request,
        b"\x01\xbb",
    ]
    .concat()
}

/// The same by SOCKS 4 or, for a name, 4a, with a user.
pub(super) fn socks4(host: &str) -> Vec<u8> {
    let head = b"\x04\x01\x01\xbb";
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(address) => [head, &address.octets()[..], SECRET, b"\0"].concat(),
        Err(_) => [head, b"\0\0\0\x01", SECRET, b"\0", host.as_bytes(), b"\0"].concat(),
    }
}
