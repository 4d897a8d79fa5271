//! The server: threads that were started before, each with one flow at a time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::Context;
use rustls::server::NoServerSessionStorage;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::certificates::Certificates;
use super::{ANSWER_BODY, ANSWER_HEAD, AUTHORITY, PORT, SILENCE};
use crate::serve::READY;

/// Threads for each family of addresses: enough for the client's flows, those that are closing included.
const THREADS: usize = 12;

/// Serves until it is killed.
pub(super) fn serve(dir: &Path) -> anyhow::Result<()> {
    let (certificates, authority) = Certificates::new()?;
    let path = dir.join(AUTHORITY);
    std::fs::write(&path, authority).with_context(|| format!("cannot write {}", path.display()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    // No tickets and no sessions: each flow is a full handshake.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    let config = Arc::new(config);

    let mut threads = Vec::new();
    for address in [
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, PORT)),
    ] {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        let listener = Arc::new(listener);
        for _ in 0..THREADS {
            let (listener, config) = (Arc::clone(&listener), Arc::clone(&config));
            threads.push(thread::spawn(move || accept(&listener, &config)));
        }
    }
    println!("{READY}");
    for thread in threads {
        let _ = thread.join();
    }
    Ok(())
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>) {
    for stream in listener.incoming().flatten() {
        if let Err(error) = answer(stream, Arc::clone(config)) {
            // The client fails too, and with it the load.
            eprintln!("umbra-testbed: {error:#}");
        }
    }
}

/// Answers one request, then waits for the client's close.
fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let mut tls = StreamOwned::new(ServerConnection::new(config)?, stream);
    let mut request = [0; 1024];
    let mut length = 0;
    while !request[..length].ends_with(b"\r\n\r\n") {
        let read = tls.read(&mut request[length..])?;
        anyhow::ensure!(read > 0, "the request breaks off after {length} bytes");
        length += read;
    }
    let mut answer = [0; ANSWER_HEAD.len() + ANSWER_BODY.len()];
    answer[..ANSWER_HEAD.len()].copy_from_slice(ANSWER_HEAD);
    answer[ANSWER_HEAD.len()..].copy_from_slice(&ANSWER_BODY);
    tls.write_all(&answer)?;
    tls.flush()?;
    match tls.read(&mut request) {
        Ok(0) => Ok(()),
        Ok(read) => anyhow::bail!("{read} bytes after the request"),
        Err(error) => Err(error.into()),
    }
}
