//! A client that carries its own TLS stack (rustls).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Gets `https://host[:port]/path` and reads the answer to its end.
pub fn fetch(url: &str, authority: &Path) -> anyhow::Result<()> {
    let (host, path) = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
        .with_context(|| format!("`{url}` is not https://host[:port]/path"))?;
    let (host, port) = host.split_once(':').unwrap_or((host, "443"));

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_reader(File::open(authority)?)?)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host.to_owned())?)?;
    let stream =
        TcpStream::connect((host, port.parse()?)).with_context(|| format!("connect to {host}:{port}"))?;

    let mut tls = StreamOwned::new(connection, stream);
    write!(tls, "GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n")?;
    let mut answer = BufReader::new(tls);
    let mut status = String::new();
    answer.read_line(&mut status)?;
    anyhow::ensure!(status.starts_with("HTTP/1.1 200 "), "the server said {status:?}");
    let mut length = 0;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        anyhow::ensure!(answer.read_line(&mut line)? > 0, "the answer's head breaks off");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse()?;
        }
    }
    let read = io::copy(&mut answer.by_ref().take(length), &mut io::sink())?;
    anyhow::ensure!(read == length, "got {read} of {length} bytes");
    Ok(())
}
