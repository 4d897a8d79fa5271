//! Everything a person does to this repository: `cargo xtask help`.
#![forbid(unsafe_code)]

mod accuracy;
mod bench;
mod build;
mod catalog;
mod fleet;
mod fuzz;
mod lint;
mod page;
mod root;
mod run;
mod scorecard;
mod setup;
mod shell;
mod test;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    about = "Everything a person does to this repository"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing on this machine.
    Setup(setup::Arguments),
    /// Build agent and collector in release.
    Build,
    /// Install what is missing, build, start collector and agent, print the page's address; Ctrl-C stops both.
    Run(run::Arguments),
    /// Install what is missing and run every test, saying what was skipped and why.
    Test(test::Arguments),
    /// Measure what the agent costs, and print it beside the goals.
    Bench(bench::Arguments),
    /// Score how well `umbra-agent inspect` names the flows of captures whose names are known.
    Accuracy(accuracy::Arguments),
    /// Score how much of known traffic the agent tells, or a peer in its place.
    Scorecard(scorecard::Arguments),
    /// Measure what a collector carries, on both databases, with a simulated fleet.
    Fleet(fleet::Arguments),
    /// Look for inputs that make a parser panic or break a promise.
    Fuzz(fuzz::Arguments),
    /// Check the catalogue, or a catalogue file of your own.
    Catalog(catalog::Arguments),
    /// Check formatting and run clippy, warnings being errors.
    Lint,
    /// Run a command (or the whole-system tests) under other kernels.
    Vm(vm::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Setup(arguments) => setup::main(&arguments),
        Command::Build => build::main(),
        Command::Run(arguments) => run::main(&arguments),
        Command::Test(arguments) => test::main(&arguments),
        Command::Bench(arguments) => bench::main(&arguments),
        Command::Accuracy(arguments) => accuracy::main(&arguments),
        Command::Scorecard(arguments) => scorecard::main(&arguments),
        Command::Fleet(arguments) => fleet::main(&arguments),
        Command::Fuzz(arguments) => fuzz::main(&arguments),
        Command::Catalog(arguments) => catalog::main(&arguments),
        Command::Lint => lint::main(),
        Command::Vm(arguments) => vm::main(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
