//! Helper of the whole-system tests: the server and the Rust clients, each run inside a test's own namespace;
//! and the load of `cargo xtask bench`.
#![forbid(unsafe_code)]

use clap::Parser;
use umbra_tests::{fetch, load, serve};

#[derive(Parser)]
enum Command {
    /// Serve TLS, HTTP and QUIC under any name, and write what each connection carried to `DIR/connections.ndjson`.
    Serve(serve::Arguments),
    /// Fetch an `https://` address with rustls.
    Fetch(fetch::Tcp),
    /// Fetch an `https://` address by HTTP/3 with quinn.
    FetchQuic(fetch::Quic),
    /// A part of the load of `cargo xtask bench`.
    #[command(subcommand)]
    Load(load::Command),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Fetch(arguments) => arguments.fetch(),
        Command::FetchQuic(arguments) => arguments.fetch(),
        Command::Load(command) => load::main(command),
    }
}
