//! Helper of the whole-system tests: the TLS server and the Rust client, each run inside a test's own namespace;
//! and the load of `cargo xtask bench`.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use clap::Parser;
use umbra_tests::{fetch, load, serve};

#[derive(Parser)]
enum Command {
    /// Serve TLS under any name, and write what each connection carried to `DIR/connections.ndjson`.
    Serve {
        /// Where the authority's certificate and the connections are written.
        #[arg(long)]
        dir: PathBuf,
        /// Ports of 127.0.0.1 and `::1`.
        #[arg(long, value_delimiter = ',')]
        ports: Vec<u16>,
    },
    /// Fetch an `https://` address with rustls.
    Fetch {
        /// The address.
        url: String,
        /// PEM file of the authority to trust.
        authority: PathBuf,
    },
    /// A part of the load of `cargo xtask bench`.
    #[command(subcommand)]
    Load(load::Command),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Serve { dir, ports } => serve::serve(&dir, &ports),
        Command::Fetch { url, authority } => fetch::fetch(&url, &authority),
        Command::Load(command) => load::main(command),
    }
}
