//! `cargo xtask fleet`: what a collector carries, measured with a simulated fleet. `docs/SIZING.md` says how.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::setup::{self, Need};
use crate::{shell, workspace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Hosts of the fleet, each with an agent.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    hosts: u32,
    /// What keeps the inventory.
    #[arg(long, value_enum, default_value = "both")]
    database: Database,
    /// How collector and fleet are built.
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
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
    let mut command = std::process::Command::new(programs.join("umbra-fleet"));
    command
        .args(["load", "--hosts", &arguments.hosts.to_string()])
        .args(["--database", arguments.database.names()])
        .arg("--collector")
        .arg(programs.join("umbra-collector"));
    shell::run(&mut command)
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
