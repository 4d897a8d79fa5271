//! `umbra-agent`.
#![forbid(unsafe_code)]

mod matching;
mod run;

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};
use umbra_agent::{check, inspect, memory, top};

/// Watches one host and says which program talks to which AI vendor
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Watch this host until interrupted
    Run(run::Options),
    /// Say whether this host and the configuration are fit for `run`, and what to do if not
    Check {
        /// Configuration [default: /etc/umbra/agent.toml, if it is there]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Say which names the flows of a capture asked for, one JSON object a flow
    Inspect {
        /// Capture in the form pcap or pcapng
        file: PathBuf,
    },
    /// Show who on this host uses which vendor now, of an agent that runs
    Top(top::Options),
    /// Say what the catalogue says of host names
    Match(matching::Options),
}

fn main() -> ExitCode {
    memory::give_back_what_is_freed();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .finish()
        .with(log_levels())
        .init();
    let result = match Cli::parse().command {
        Command::Run(options) => run::main(options).map(|()| true),
        Command::Check { config } => {
            let table = check::check(config.as_deref());
            write!(io::stdout(), "{table}")
                .map(|()| table.is_fit())
                .map_err(Into::into)
        }
        Command::Inspect { file } => inspect::inspect(&file, &mut io::stdout().lock())
            .map(|()| true)
            .map_err(Into::into),
        Command::Top(options) => top::main(&options).map(|()| true).map_err(Into::into),
        Command::Match(options) => matching::main(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Not `eprintln!`, which panics when nobody can be told.
            let _ = writeln!(io::stderr(), "umbra-agent: {}", in_a_sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// What `RUST_LOG` says, if that can be read. (`EnvFilter` knows more, and takes a regular expressions' engine for it.)
fn log_levels() -> Targets {
    env::var("RUST_LOG")
        .ok()
        .filter(|levels| !levels.is_empty())
        .and_then(|levels| levels.parse().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

/// The error with its causes, but for those whose words it has already, and for whole logs.
fn in_a_sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !cause.contains('\n') && !text.contains(&cause) {
            text += ": ";
            text += &cause;
        }
    }
    text
}
