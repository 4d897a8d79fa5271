//! `cargo xtask test`: every test there is, and an account of what was not run.

mod steps;
mod system;
mod tally;

#[cfg(test)]
mod tests;

pub(crate) use system::Programs;
pub(crate) use tally::Tally;

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::build::Profile;
use crate::setup::{self, Need};
use crate::vm::{self, Series};
use crate::{catalog, fuzz, lint, root, workspace};
use steps::{Step, Steps};

/// Under emulation the whole-system tests take minutes, not seconds; two kernels at a time share the processors.
const VM_PATIENCE: Duration = Duration::from_mins(55);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the other kernels.
    #[arg(long)]
    no_vm: bool,
    /// Run the whole-system tests with programs as they are shipped, which take much longer to build.
    #[arg(long)]
    release: bool,
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
        steps.take(Step::new("formatting and lints", |_| lint::check()));
        steps.take(Step::new("catalogue", |_| catalog::shipped()));
    }
    let mut built = None;
    steps.take(Step::new("build", |_| {
        built = Some(Programs::build(Profile::Dev)?);
        Ok(())
    }));
    if let Some(programs) = &built {
        let mut together = vec![Step::new("tests of the crates", |tally| {
            crates(programs, filter, tally)
        })];
        if filter.is_none() {
            together.push(Step::new("build of the fuzzers", |_| fuzz::build()));
        }
        steps.take_at_once(together);
        if filter.is_none() {
            steps.take(Step::new("fuzzing", |_| fuzz::briefly()));
        }
    }
    if arguments.release {
        built = None;
        steps.take(Step::new("release build", |_| {
            built = Some(Programs::build(Profile::Release)?);
            Ok(())
        }));
    }
    if let Some(programs) = &built {
        steps.take(Step::new("whole-system tests", |tally| {
            tally.expect_success(&mut programs.command(filter))
        }));
        let mut together = Vec::new();
        for series in Series::ALL {
            let name = format!("whole-system tests under {}", series.name);
            if arguments.no_vm {
                steps.skip(&name, "--no-vm");
                continue;
            }
            let guest = move |tally: &_| {
                let command = match &filter {
                    Some(filter) => programs.guest_command(&[filter]),
                    None => programs.guest_command(series.tests),
                };
                match vm::boot(series, &command, VM_PATIENCE, tally)? {
                    0 => Ok(()),
                    status => bail!("exit status {status}"),
                }
            };
            together.push(Step::new(name, guest).labelled(series.name));
        }
        steps.take_at_once(together);
    }
    steps.sum_up()
}

/// The tests of all crates, and of what the whole-system tests are made of.
fn crates(programs: &Programs, filter: Option<&str>, tally: &Tally) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "test",
        "--workspace",
        "--exclude",
        "umbra-tests",
        "--no-fail-fast",
    ]);
    cargo.args(filter);
    let of_crates = tally.expect_success(&mut patient(cargo)?);
    let mut parts = Command::new(&programs.parts);
    parts.args(filter).current_dir(workspace::root().join("tests"));
    of_crates.and(tally.expect_success(&mut parts))
}

/// Has twice as many tests run at a time as there are processors: most of them wait for servers, disks and time.
fn patient(mut tests: Command) -> Result<Command> {
    let processors = thread::available_parallelism().context("cannot count the processors")?;
    tests.env("RUST_TEST_THREADS", (2 * processors.get()).to_string());
    Ok(tests)
}
