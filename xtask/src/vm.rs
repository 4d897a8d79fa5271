//! `cargo xtask vm`: a command under another kernel, on this machine's files.
//!
//! The guest sees this machine's root by way of virtiofs, read-only, with an overlay in memory above it: every client
//! and library that is installed here is there too, and nothing that the guest does is left behind.

mod guest;
mod initramfs;
mod kernel;
mod machine;

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::build::Profile;
use crate::setup::{self, Need};
use crate::test::{Programs, Tally};
use crate::{root, shell};

pub(crate) use kernel::Series;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Linux 6.1.
    #[value(name = "6.1")]
    Linux6_1,
    /// Linux 6.12.
    #[value(name = "6.12")]
    Linux6_12,
    /// Each of them.
    All,
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Under which kernel.
    #[arg(long, value_enum, default_value = "all")]
    kernel: Which,
    /// Give up after so many minutes for each kernel.
    #[arg(long, default_value_t = 20)]
    minutes: u64,
    /// Run programs as they are shipped, which take much longer to build.
    #[arg(long)]
    release: bool,
    /// What to run instead of the agent's preflight and the whole-system tests.
    #[arg(last = true)]
    command: Vec<String>,
}

/// Boots each kernel, runs the command in it, and fails if it fails anywhere.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    setup::ensure(Need::Vm)?;
    root::ask("share this machine's files with the guest, read-only")?;
    let command = if arguments.command.is_empty() {
        let profile = if arguments.release {
            Profile::Release
        } else {
            Profile::Dev
        };
        Programs::build(profile)?.guest_command(&[])
    } else {
        arguments
            .command
            .iter()
            .map(|word| shell::quote(word))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let series: &[Series] = match arguments.kernel {
        Which::Linux6_1 => &[Series::LINUX_6_1],
        Which::Linux6_12 => &[Series::LINUX_6_12],
        Which::All => &Series::ALL,
    };
    let mut failed = Vec::new();
    for series in series {
        let status = boot(
            *series,
            &command,
            Duration::from_secs(60 * arguments.minutes),
            &Tally::default(),
        )
        .with_context(|| format!("kernel {}", series.name))?;
        eprintln!("vm: under {}: exit status {status}", series.name);
        if status != 0 {
            failed.push(format!("{} (exit status {status})", series.name));
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("the command failed under {}", failed.join(" and "))
    }
}

/// Runs `command` (for `sh`) under the newest kernel of the series; its output goes to ours and to the tally.
pub(crate) fn boot(series: Series, command: &str, patience: Duration, tally: &Tally) -> Result<u8> {
    let kernel = kernel::fetch(series)?;
    machine::run(&kernel, command, patience, tally)
}
