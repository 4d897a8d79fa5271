//! `cargo xtask fuzz`: looks for inputs that make a parser panic or break a promise, with libFuzzer.
//!
//! Without a sanitizer: the parsers are safe Rust, and so the compiler of everything else will do.

mod command;
mod log;
mod table;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use anyhow::{Context as _, Result, bail, ensure};

use crate::setup::{self, Need};
use crate::{shell, workspace};
use log::Log;

/// Seconds for each target in `cargo xtask test`.
const BRIEF: u64 = 5;
/// In `cargo xtask test` chance begins at the same place each time, so that a change is not blamed for bad luck.
const SEED: u32 = 1;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this target [default: each of them]
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

/// Fuzzes what was asked for; fails when something was found.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    setup::ensure(Need::Fuzz)?;
    let mut targets = targets()?;
    if let Some(wanted) = &arguments.target {
        ensure!(
            targets.contains(wanted),
            "there is no fuzz target {wanted}: there are {}",
            targets.join(", ")
        );
        targets.retain(|it| it == wanted);
    }
    fuzz(&targets, arguments.seconds, None)
}

/// Builds all targets.
pub(crate) fn build() -> Result<()> {
    shell::run(&mut command::build(&targets()?))
}

/// Fuzzes each target for a moment, as one of the tests.
pub(crate) fn briefly() -> Result<()> {
    fuzz(&targets()?, BRIEF, Some(SEED))
}

/// Lints the targets without building them.
pub(crate) fn lint() -> Result<()> {
    shell::run(&mut command::lint())
}

/// The names of all targets.
fn targets() -> Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    let mut targets: Vec<_> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    targets.sort();
    Ok(targets)
}

/// Fuzzes as many targets at a time as there are processors; a fuzzer uses one.
fn fuzz(targets: &[String], seconds: u64, seed: Option<u32>) -> Result<()> {
    shell::run(&mut command::build(targets))?;
    println!("{}", table::HEADING);
    let waiting = Mutex::new(targets.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> Result<Vec<&str>> {
        let mut broken = Vec::new();
        while let Some(target) = next() {
            let log = follow(target, seconds, seed)?;
            println!("{}", account(target, &log));
            broken.extend(log.found().map(|_| target.as_str()));
        }
        Ok(broken)
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let broken: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no worker panics"))
            .collect::<Result<_>>()
    })?;
    match broken.concat() {
        broken if broken.is_empty() => Ok(()),
        broken => bail!("fuzzing broke {}: see above", broken.join(", ")),
    }
}

/// Runs a fuzzer to its end and gives what it said.
fn follow(target: &str, seconds: u64, seed: Option<u32>) -> Result<Log> {
    // libFuzzer does not make the folder that it writes to.
    let corpus = workspace::root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let mut command = command::run(target, seconds, seed);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{}`", shell::line(&command)))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Log::new(text, output.status.success()))
}

/// The figures of a target, or what broke it and how to see that again.
fn account(target: &str, log: &Log) -> String {
    let Some(found) = log.found() else {
        return table::line(target, &log.figures());
    };
    let what = found.what;
    let Some(input) = found.input else {
        return format!("{target}: {what}");
    };
    let replay = shell::line(&command::replay(target, input));
    format!("{target}: {what}\n  input:  {}\n  replay: {replay}", shown(input))
}

/// A path as seen from the repository's root, where the commands are typed.
fn shown(path: &str) -> String {
    let path = Path::new(path);
    let path = path.strip_prefix(workspace::root()).unwrap_or(path);
    path.display().to_string()
}
