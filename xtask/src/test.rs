//! `cargo xtask test`: every test there is, and an account of what was not run.

mod steps;
pub(crate) mod system;
mod tally;

#[cfg(test)]
mod tests;

pub(crate) use tally::Tally;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::setup::{self, Need};
use crate::vm::{self, Series};
use crate::{build, catalog, fuzz, lint, root, workspace};
use steps::Steps;

/// Under emulation the whole-system tests take minutes, not seconds.
const VM_PATIENCE: Duration = Duration::from_mins(25);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the other kernels.
    #[arg(long)]
    no_vm: bool,
    /// Only tests whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

/// Runs it all, also when something fails on the way, and sums up.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    setup::ensure(Need::Test)?;
    root::ask("load kernel programs and make network namespaces, in the tests")?;
    let filter = arguments.filter.as_deref();
    let mut steps = Steps::default();

    if filter.is_none() {
        steps.take("formatting and lints", |_| lint::check());
        steps.take("catalogue", |_| catalog::shipped());
    }
    steps.take("tests of the crates", |tally| {
        let mut cargo = workspace::cargo();
        cargo.args([
            "test",
            "--workspace",
            "--exclude",
            "umbra-tests",
            "--no-fail-fast",
        ]);
        cargo.args(filter);
        tally.expect_success(&mut cargo)
    });
    if filter.is_none() {
        steps.take("fuzzing", |_| fuzz::briefly());
    }
    let mut binary = None;
    steps.take("release build", |_| {
        build::release()?;
        binary = Some(system::build()?);
        Ok(())
    });
    if let Some(binary) = binary {
        steps.take("whole-system tests", |tally| {
            tally.expect_success(&mut system::command(&binary, filter))
        });
        for series in Series::ALL {
            let name = format!("whole-system tests under {}", series.name);
            if arguments.no_vm {
                steps.skip(&name, "--no-vm");
                continue;
            }
            steps.take(&name, |tally| {
                let command = system::guest_command(&binary, filter);
                match vm::boot(series, &command, VM_PATIENCE, tally)? {
                    0 => Ok(()),
                    status => bail!("exit status {status}"),
                }
            });
        }
    }
    steps.sum_up()
}
