//! `umbra-collector`: the central endpoint.
#![forbid(unsafe_code)]

mod serve;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use umbra_collector::commands::{
    AgentCommand, ApiTokenCommand, AskCommand, AuditCommand, BackupCommand, CommandError, ConfigCommand,
    FindingCommand, PersonCommand, PolicyCommand, RequestCommand, RestoreCommand, RouteCommand, TokenCommand,
    UserCommand,
};
use umbra_collector::config::{Options, Settings};

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
    /// Make, list and take back what lets agents enrol
    #[command(subcommand)]
    Token(TokenCommand),
    /// List agents that enrolled, and shut them out
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Publish what agents run with, and say who is to run it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what callers may do: check, plan and apply a policy file
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Ask for callers to be sanctioned, and decide about what was asked
    #[command(subcommand)]
    Request(RequestCommand),
    /// Work through what deserves a person
    #[command(subcommand)]
    Finding(FindingCommand),
    /// Show where alerts go, and try it
    #[command(subcommand)]
    Route(RouteCommand),
    /// Show who decided what, and verify that nobody has changed that since
    #[command(subcommand)]
    Audit(AuditCommand),
    Ask(AskCommand),
    /// Take a person's name out of the inventory, at their request
    #[command(subcommand)]
    Person(PersonCommand),
    /// Say who may log in, and as what
    #[command(subcommand)]
    User(UserCommand),
    /// Make, list and take back what lets programs use the API
    #[command(subcommand)]
    ApiToken(ApiTokenCommand),
    Backup(BackupCommand),
    Restore(RestoreCommand),
}

/// What `RUST_LOG` says, if that can be read.
fn log_levels() -> Targets {
    std::env::var("RUST_LOG")
        .ok()
        .filter(|levels| !levels.is_empty())
        .and_then(|levels| levels.parse().ok())
        .unwrap_or_else(|| {
            let levels = Targets::new().with_default(LevelFilter::INFO);
            // That tables are there already is no news.
            levels.with_target("sqlx::postgres::notice", LevelFilter::WARN)
        })
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish()
        .with(log_levels())
        .init();
    let result = match Cli::parse().command {
        Command::Serve(options) => Settings::load(options).map(serve::serve),
        Command::Check(options) => Settings::load(options).map(|settings| say(&settings.to_string())),
        Command::Token(command) => Ok(run(command.run())),
        Command::Agent(command) => Ok(run(command.run())),
        Command::Config(command) => Ok(run(command.run())),
        Command::Policy(command) => Ok(run(command.run())),
        Command::Request(command) => Ok(run(command.run())),
        Command::Finding(command) => Ok(run(command.run())),
        Command::Route(command) => Ok(run(command.run())),
        Command::Audit(command) => Ok(run(command.run())),
        Command::Person(command) => Ok(run(command.run())),
        Command::Ask(command) => Ok(run(command.run())),
        Command::User(command) => Ok(run(command.run())),
        Command::ApiToken(command) => Ok(run(command.run())),
        Command::Backup(command) => Ok(run(command.run())),
        Command::Restore(command) => Ok(run(command.run())),
    };
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            // The sentence holds its cause; the chain would say it again.
            eprintln!("umbra-collector: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("umbra-collector: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Into::into)
}

#[tokio::main(flavor = "current_thread")]
async fn run(command: impl Future<Output = Result<String, CommandError>>) -> anyhow::Result<()> {
    say(&command.await?)
}
