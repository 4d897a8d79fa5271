//! `cargo xtask bench`: what the agent costs, under a load of our own in a network namespace of our own.
//!
//! Figures are for people: a missed goal is printed and is no failure; what cannot be measured is.

mod agent;
mod child;
mod cost;
mod interrupt;
mod kernel;
mod load;
mod metrics;
mod place;
mod process;
mod programs;
mod ratio;
mod spread;
mod start;
mod storm;
mod table;
mod turn;

#[cfg(test)]
mod tests;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::setup::{self, Need};
use crate::{build, root, shell};
use place::Place;
use table::Table;
use turn::Turn;

/// What must be installed to measure.
const PROGRAMS: [&str; 3] = ["bpftool", "ip", "setpriv"];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often the start is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
    /// How often the 10,000 flows are made, for the agent's cost and again for the kernel programs'.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How often the agent is on, and off before and after it, for the ratio of connections.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Seconds that each of these lasts.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Measure the programs in this folder, as root, instead of building them.
    #[arg(long, hide = true)]
    programs: Option<PathBuf>,
}

/// Builds as the user, then measures as root.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    if let Some(programs) = &arguments.programs {
        return measure(arguments, programs);
    }
    setup::ensure(Need::Build)?;
    if PROGRAMS.iter().any(|name| shell::find_program(name).is_none()) {
        // The smallest set of the tests' that has them.
        setup::ensure(Need::Vm)?;
    }
    root::ask("load the kernel programs and make a network namespace")?;
    let programs = build::release_with(&["umbra-testbed"])?;
    if root::is_root() {
        return measure(arguments, &programs);
    }
    let program = env::current_exe().context("a program knows its own path")?;
    shell::run(&mut as_root(arguments, &program.to_string_lossy(), &programs))
}

/// This program, as root, without the build.
fn as_root(arguments: &Arguments, program: &str, programs: &Path) -> Command {
    let mut command = root::command(program);
    command.arg("bench").arg("--programs").arg(programs);
    for (option, value) in [
        ("--starts", u64::from(arguments.starts)),
        ("--rounds", u64::from(arguments.rounds)),
        ("--pairs", u64::from(arguments.pairs)),
        ("--seconds", arguments.seconds),
    ] {
        command.args([option, &value.to_string()]);
    }
    command
}

fn measure(arguments: &Arguments, programs: &Path) -> Result<()> {
    interrupt::listen()?;
    let _turn = Turn::take()?;
    let place = Place::new(programs)?;
    let mut table = Table::begin();

    eprintln!("bench: {} starts", arguments.starts);
    start::measure(&place, arguments.starts, &mut table)?;
    let agent = agent::Agent::start(&place)?;
    eprintln!(
        "bench: what {} flows cost the agent, {} times",
        load::FLOWS,
        arguments.rounds
    );
    cost::measure(&place, &agent, arguments.rounds, &mut table)?;
    eprintln!("bench: what they cost in the kernel, {} times", arguments.rounds);
    kernel::measure(&place, arguments.rounds, &mut table)?;
    agent.stop()?;
    eprintln!(
        "bench: connections with the agent off and on, {} times",
        arguments.pairs
    );
    ratio::measure(&place, arguments.pairs, arguments.seconds, &mut table)?;

    eprintln!(
        "bench: {} short programs with the agent off and on, {} times",
        storm::EXECUTIONS,
        arguments.pairs
    );
    storm::measure(&place, arguments.pairs, &mut table)?;

    table.print();
    Ok(())
}
