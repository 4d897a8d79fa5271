//! `umbra-collector`: the central endpoint.
#![forbid(unsafe_code)]

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use umbra_collector::config::{Options, Settings};
use umbra_collector::server::Server;

/// Exit status for options and configuration that cannot be used; clap gives the same.
const USAGE: u8 = 2;

/// Keeps the fleet's inventory of AI callers
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take agents' reports and show the page
    Serve(Options),
    /// Check options and configuration, and print what `serve` would run with
    Check(Options),
}

/// What `RUST_LOG` says, if that can be read.
fn log_levels() -> Targets {
    std::env::var("RUST_LOG")
        .ok()
        .filter(|levels| !levels.is_empty())
        .and_then(|levels| levels.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish()
        .with(log_levels())
        .init();
    let (options, check) = match Cli::parse().command {
        Command::Serve(options) => (options, false),
        Command::Check(options) => (options, true),
    };
    let settings = match Settings::load(options) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("umbra-collector: {error}");
            return ExitCode::from(USAGE);
        }
    };
    let result = if check {
        write!(std::io::stdout(), "{settings}").map_err(Into::into)
    } else {
        serve(settings)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The sentence holds its cause; the chain would say it again.
            eprintln!("umbra-collector: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(settings: Settings) -> anyhow::Result<()> {
    // Two crates of the tree could bring a provider; nobody may be asked to choose at run time.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("a TLS provider is installed already");
    }
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tracing::info!("starting with\n{settings}");
    let mut server = Server::start(settings).await?;
    writeln!(
        std::io::stdout(),
        "Umbra collector listens on {}",
        server.url.as_str().trim_end_matches('/')
    )?;
    tokio::select! {
        ended = server.ended() => {
            return ended.map_err(|error| anyhow!("the server failed: {error}; start it again"));
        }
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}
