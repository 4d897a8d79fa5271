//! `cargo xtask fleet`: what a collector carries, measured with a simulated fleet. `docs/SIZING.md` says how.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::page::between;
use crate::setup::{self, Need};
use crate::{shell, workspace};

/// Where the result is published, below the repository's root.
const PAGE: &str = "docs/SIZING.md";
/// Who writes there.
const BY: &str = "cargo xtask fleet --write";
const LARGE_BY: &str = "cargo xtask fleet --large --write";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Hosts of the fleet, each with an agent.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    hosts: u32,
    /// Seconds for which reports are sent in each round.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often reports are sent, and the same rows written by the database's own means.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Measure memory with 1,000 agents alone, not with 5,000 too.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// What keeps the inventory.
    #[arg(long, value_enum, default_value = "both")]
    database: Database,
    /// How long pages and API take on a large store, in place of how much is taken: 50,000 hosts, 1,000,000 callers and
    /// 10,000,000 hourly observations, which is made once, in target/fleet.
    #[arg(long)]
    large: bool,
    /// How large that is, 1 being these numbers.
    #[arg(long, default_value = "1", requires = "large")]
    large_scale: String,
    /// How collector and fleet are built.
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
    /// Put all figures into this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the result into docs/SIZING.md.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    Release,
    Dev,
}

impl Database {
    /// As `umbra-fleet` takes it.
    fn names(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Both => "sqlite,postgres",
        }
    }
}

/// Builds both and runs the fleet.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    // PostgreSQL comes with the tests.
    setup::ensure(match arguments.database {
        Database::Sqlite => Need::Build,
        Database::Postgres | Database::Both => Need::Test,
    })?;
    let programs = built(arguments.profile)?;
    let text = measured(arguments, &programs)?;
    println!("{text}");
    if arguments.write {
        let path = workspace::root().join(PAGE);
        let page = fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
        let page = if arguments.large {
            between(&page, "latency", LARGE_BY, &text)?
        } else {
            between(&page, "load", BY, &format!("```text\n{}\n```\n", text.trim_end()))?
        };
        fs::write(&path, page).with_context(|| format!("cannot write {PAGE}"))?;
        eprintln!("fleet: {PAGE} has the result");
    }
    Ok(())
}

/// What the fleet prints.
fn measured(arguments: &Arguments, programs: &Path) -> Result<String> {
    let mut command = Command::new(programs.join("umbra-fleet"));
    command
        .arg(if arguments.large { "latency" } else { "load" })
        .args(["--database", arguments.database.names()]);
    command.arg("--collector").arg(programs.join("umbra-collector"));
    if arguments.large {
        command.args(["--large-scale", &arguments.large_scale]);
    }
    let load = [
        ("--hosts", u64::from(arguments.hosts)),
        ("--seconds", arguments.seconds),
        ("--rounds", u64::from(arguments.rounds)),
    ];
    for (option, value) in load.into_iter().filter(|_| !arguments.large) {
        command.args([option, &value.to_string()]);
    }
    if arguments.quick && !arguments.large {
        command.args(["--memory", "1000"]);
    }
    if let Some(file) = &arguments.json {
        command.arg("--json").arg(file);
    }
    eprintln!("$ {}", shell::line(&command));
    let process::Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the fleet")?;
    ensure!(
        status.success(),
        "nothing is measured ({status}): see the message above"
    );
    String::from_utf8(stdout).context("the fleet printed what is no text")
}

/// The folder that both programs are in.
fn built(profile: Profile) -> Result<PathBuf> {
    let (option, folder) = match profile {
        Profile::Release => ("--profile=release", "release"),
        Profile::Dev => ("--profile=dev", "debug"),
    };
    // One after the other: together, each would be built with what the other asks of their common dependencies.
    for package in ["umbra-collector", "umbra-fleet"] {
        shell::run(workspace::cargo().args(["build", option, "-p", package]))?;
    }
    Ok(workspace::target_dir().join(folder))
}

#[cfg(test)]
mod tests;
