//! `umbra-fleet`: simulated agents against a real collector, on SQLite and on PostgreSQL.
//!
//! `cargo xtask fleet` builds collector and fleet and runs this; `docs/SIZING.md` says what is measured and how.
#![forbid(unsafe_code)]

mod agents;
mod authority;
mod bodies;
mod cluster;
mod collector;
mod connection;
mod database;
mod enrolment;
mod hosts;
mod large;
mod latency;
mod limit;
mod load;
mod memory;
mod process;
mod send;
mod stored;
mod table;
mod throughput;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Simulated agents against a real collector
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How many reports a collector takes, beside what its database could, and in how much memory
    Load(load::Options),
    /// How long pages and API take on a large store
    Latency(large::Options),
}

// One thread: what the fleet takes of the processors, the collector has not.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Load(options) => load::run(&options).await,
        Command::Latency(options) => large::run(&options).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("umbra-fleet: {error:#}");
            ExitCode::FAILURE
        }
    }
}
