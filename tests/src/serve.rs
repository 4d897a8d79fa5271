//! The TLS server: any name, any IPv4 address of its namespace and `::1`, exact counts of what went over each connection.

mod certificates;
mod counted;
mod http;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::truth::Connection;
use certificates::Authority;
use counted::Counted;

/// File of the authority's certificate within the server's folder.
pub const AUTHORITY: &str = "authority.pem";
/// File of what each connection carried.
pub const CONNECTIONS: &str = "connections.ndjson";
/// What the server prints on stdout when it listens.
pub const READY: &str = "serving";

/// A client that is silent for so long is gone.
const IDLE: Duration = Duration::from_mins(2);

/// Serves until it is killed.
pub fn serve(dir: &Path, ports: &[u16]) -> anyhow::Result<()> {
    let authority = Authority::new()?;
    std::fs::write(dir.join(AUTHORITY), authority.pem())?;
    let connections = Arc::new(
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join(CONNECTIONS))?,
    );
    let config = Arc::new(
        ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(authority)),
    );

    let mut listening = Vec::new();
    for &port in ports {
        for address in [
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
        ] {
            let listener =
                TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
            let (config, connections) = (Arc::clone(&config), Arc::clone(&connections));
            listening.push(thread::spawn(move || {
                accept(&listener, &config, &connections);
            }));
        }
    }
    println!("{READY}");
    for thread in listening {
        let _ = thread.join();
    }
    Ok(())
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>, connections: &Arc<File>) {
    for stream in listener.incoming().flatten() {
        let (config, connections) = (Arc::clone(config), Arc::clone(connections));
        thread::spawn(move || {
            if let Err(error) = connection(stream, config, &connections) {
                eprintln!("umbra-testbed: {error:#}");
            }
        });
    }
}

/// Serves one connection to its end and writes down what it carried.
fn connection(stream: TcpStream, config: Arc<ServerConfig>, mut connections: &File) -> anyhow::Result<()> {
    let peer = stream.peer_addr()?;
    let local = stream.local_addr()?;
    let begin = Instant::now();
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;

    let mut tls = StreamOwned::new(ServerConnection::new(config)?, Counted::new(stream));
    let outcome = http::converse(&mut tls);
    tls.sock.drain();

    let truth = Connection {
        name: tls.conn.server_name().map(str::to_owned),
        path: outcome.as_ref().ok().cloned().flatten(),
        error: outcome.err().map(|error| error.to_string()),
        peer,
        local,
        received: tls.sock.received,
        sent: tls.sock.sent,
        duration_ms: u64::try_from(begin.elapsed().as_millis())?,
    };
    let mut line = serde_json::to_string(&truth)?;
    line.push('\n');
    // One write to a file opened for appending: lines of connections that end together do not mix.
    connections.write_all(line.as_bytes())?;
    Ok(())
}
