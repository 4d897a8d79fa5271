//! The load of `cargo xtask bench`: a TLS server and a client of our own that make many short flows, one request each.
//!
//! Every flow is a full TLS 1.3 handshake with a checked ECDSA P-256 certificate: nothing is resumed, so that each flow
//! shows its name, and nothing is slower than it must be, so that what the agent costs is seen. Flows are numbered;
//! the number decides name and address ([`names`]), so that a load is the same each time. Every 20th is one of the
//! catalogue's names.

mod certificates;
mod client;
mod names;
mod server;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

/// Flows that a client has open at one time, unless told otherwise.
const CONCURRENCY: usize = 4;
/// Where the server listens, on every IPv4 address of its namespace and on `::1`.
const PORT: u16 = 443;
/// What each flow asks for.
const REQUEST: &[u8] = b"GET /v1/models HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n";
/// What it gets: 256 bytes after the head.
const ANSWER_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 256\r\n\r\n";
const ANSWER_BODY: [u8; 256] = [b'.'; 256];
/// Longer silence is a fault.
const SILENCE: Duration = Duration::from_secs(10);
/// File of the authority's certificate.
const AUTHORITY: &str = "load-authority.pem";

/// A part of the load.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Serve until killed; says `serving` when it listens.
    Serve {
        /// Where the authority's certificate is written.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Make so many flows, and print how many and how long it took, as JSON.
    Flows {
        /// Where the authority's certificate is.
        #[arg(long)]
        dir: PathBuf,
        /// Flows of this process.
        #[arg(long)]
        count: u64,
        /// Number of its first flow.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// Flows at one time.
        #[arg(long, default_value_t = CONCURRENCY)]
        concurrency: usize,
        /// At the same time, start so many short-lived processes, one after another …
        #[arg(long, default_value_t = 0)]
        processes: u64,
        /// … with so many flows each.
        #[arg(long, default_value_t = 5)]
        each: u64,
    },
    /// Make flows for some time, and print how many a second, as JSON.
    Rate {
        /// Where the authority's certificate is.
        #[arg(long)]
        dir: PathBuf,
        /// Milliseconds that count.
        #[arg(long)]
        milliseconds: u64,
        /// Milliseconds before them.
        #[arg(long, default_value_t = 1000)]
        warm_up: u64,
        /// Flows at one time.
        #[arg(long, default_value_t = CONCURRENCY)]
        concurrency: usize,
    },
}

/// Runs it.
pub fn main(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { dir } => server::serve(&dir),
        Command::Flows {
            dir,
            count,
            first,
            concurrency,
            processes,
            each,
        } => client::flows(&client::Load {
            dir,
            flows: first..first + count,
            concurrency,
            processes,
            each,
        }),
        Command::Rate {
            dir,
            milliseconds,
            warm_up,
            concurrency,
        } => client::rate(
            &dir,
            concurrency,
            Duration::from_millis(warm_up),
            Duration::from_millis(milliseconds),
        ),
    }
}
