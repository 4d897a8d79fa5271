//! The way to a server, by a proxy if the environment names one.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail, ensure};

/// Connects directly, or through the proxy in `https_proxy`, which is told the name.
///
/// No server here says anything before its client does, so that all that comes first is the proxy's.
pub(super) fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let Ok(proxy) = env::var("https_proxy") else {
        return TcpStream::connect((host, port)).with_context(|| format!("connect to {host}:{port}"));
    };
    let (scheme, address) = proxy.split_once("://").context("`https_proxy` has no scheme")?;
    let mut stream = TcpStream::connect(address).with_context(|| format!("connect to {proxy}"))?;
    let accepted = match scheme {
        "http" => http(&mut stream, host, port),
        "socks5" => socks5(&mut stream, host, port),
        _ => bail!("{proxy} is neither `http` nor `socks5`"),
    }?;
    ensure!(accepted, "{proxy} refused");
    Ok(stream)
}

fn http(stream: &mut TcpStream, host: &str, port: u16) -> anyhow::Result<bool> {
    write!(
        stream,
        "CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        answer.push(byte[0]);
    }
    // Some say HTTP/1.0.
    Ok(answer.get(8..13) == Some(b" 200 "))
}

/// RFC 1928, without a log-in.
fn socks5(stream: &mut TcpStream, host: &str, port: u16) -> anyhow::Result<bool> {
    stream.write_all(&[5, 1, 0])?;
    let mut method = [0; 2];
    stream.read_exact(&mut method)?;
    let length = u8::try_from(host.len())?;
    let request = [&[5, 1, 0, 3, length], host.as_bytes(), &port.to_be_bytes()].concat();
    stream.write_all(&request)?;
    // With an IPv4 address, as dante has it.
    let mut answer = [0; 10];
    stream.read_exact(&mut answer)?;
    Ok(method == [5, 0] && answer[1] == 0)
}
