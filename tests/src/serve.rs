//! The server: any name, any IPv4 address of its namespace and `::1`, exact counts of what went over each connection.

mod certificates;
mod counted;
mod http;
mod mail;
mod quic;
mod tcp;
mod wire;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crate::truth::Connection;
use certificates::Authority;

/// File of the authority's certificate within the server's folder.
pub const AUTHORITY: &str = "authority.pem";
/// File of what each connection carried.
pub const CONNECTIONS: &str = "connections.ndjson";
/// What the server prints on stdout when it listens.
pub const READY: &str = "serving";

/// What is served, and where.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where the authority's certificate and the connections are written.
    #[arg(long)]
    dir: PathBuf,
    /// Ports for TLS.
    #[arg(long, value_delimiter = ',')]
    ports: Vec<u16>,
    /// Ports for TLS that knows only the curve P-384: most clients are asked for a second hello.
    #[arg(long, value_delimiter = ',')]
    again: Vec<u16>,
    /// Ports for HTTP without TLS.
    #[arg(long, value_delimiter = ',')]
    plain: Vec<u16>,
    /// Ports for TLS that begins after a talk, as with mail servers (RFC 3207).
    #[arg(long, value_delimiter = ',')]
    starttls: Vec<u16>,
    /// UDP ports for HTTP/3.
    #[arg(long, value_delimiter = ',')]
    quic: Vec<u16>,
    /// UDP ports for HTTP/3 that let each client show its address first (Retry).
    #[arg(long, value_delimiter = ',')]
    quic_retry: Vec<u16>,
    /// UDP ports for HTTP/3 that know only the curve P-384, as with `again`.
    #[arg(long, value_delimiter = ',')]
    quic_again: Vec<u16>,
    /// Names whose certificate and key are written as `NAME.pem` and `NAME.key`, for another server.
    #[arg(long, value_delimiter = ',')]
    issue: Vec<String>,
}

/// Serves until it is killed.
pub fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let authority = Arc::new(Authority::new()?);
    for name in &arguments.issue {
        authority.write(name, &arguments.dir)?;
    }
    std::fs::write(arguments.dir.join(AUTHORITY), authority.pem())?;
    let record = Record::open(&arguments.dir)?;

    let mut serving = Vec::new();
    let services = [
        (tcp::Service::tls(&authority)?, &arguments.ports),
        (tcp::Service::again(&authority)?, &arguments.again),
        (tcp::Service::plain(), &arguments.plain),
        (tcp::Service::starttls(&authority)?, &arguments.starttls),
    ];
    for (service, ports) in services {
        for &port in ports {
            serving.extend(service.listen(&addresses(port), &record)?);
        }
    }
    for (manner, ports) in [
        (quic::Manner::Plain, &arguments.quic),
        (quic::Manner::Retry, &arguments.quic_retry),
        (quic::Manner::Again, &arguments.quic_again),
    ] {
        for address in ports.iter().flat_map(|&port| addresses(port)) {
            serving.push(quic::listen(address, manner, &authority, &record)?);
        }
    }
    println!("{READY}");
    for thread in serving {
        let _ = thread.join();
    }
    Ok(())
}

fn addresses(port: u16) -> [SocketAddr; 2] {
    [
        (Ipv4Addr::UNSPECIFIED, port).into(),
        (Ipv6Addr::LOCALHOST, port).into(),
    ]
}

type Serving = thread::JoinHandle<()>;

/// The file of what each connection carried.
#[derive(Clone)]
struct Record(Arc<File>);

impl Record {
    fn open(dir: &std::path::Path) -> anyhow::Result<Self> {
        let path = dir.join(CONNECTIONS);
        Ok(Self(Arc::new(
            OpenOptions::new().create(true).append(true).open(path)?,
        )))
    }

    fn write(&self, truth: &Connection) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(truth)?;
        line.push('\n');
        // One write to a file opened for appending: lines of connections that end together do not mix.
        (&*self.0).write_all(line.as_bytes())?;
        Ok(())
    }
}
