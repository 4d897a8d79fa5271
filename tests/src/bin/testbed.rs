//! Helper of the whole-system tests: the server and the Rust clients, each run inside a test's own namespace;
//! and the load of `cargo xtask bench`.
#![forbid(unsafe_code)]

use std::net::SocketAddr;

use clap::Parser;
use umbra_tests::{fetch, load, say, serve, socks};

#[derive(Parser)]
enum Command {
    /// Serve TLS, HTTP and QUIC under any name, and write what each connection carried to `DIR/connections.ndjson`.
    Serve(serve::Arguments),
    /// Fetch an `https://` address with rustls.
    Fetch(fetch::Tcp),
    /// Fetch an `https://` address by HTTP/3 with quinn.
    FetchQuic(fetch::Quic),
    /// Say to a server what a file holds.
    Say(say::Arguments),
    /// Be a SOCKS 4A proxy.
    Socks {
        /// Where to listen.
        address: SocketAddr,
    },
    /// A part of the load of `cargo xtask bench`.
    #[command(subcommand)]
    Load(load::Command),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Fetch(arguments) => arguments.fetch(),
        Command::FetchQuic(arguments) => arguments.fetch(),
        Command::Say(arguments) => arguments.say(),
        Command::Socks { address } => socks::serve(address),
        Command::Load(command) => load::main(command),
    }
}
