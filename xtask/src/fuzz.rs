//! `cargo xtask fuzz`: looks for inputs that make a parser panic or break a promise, with libFuzzer.
//!
//! Without a sanitizer: the parsers are safe Rust, and so the compiler of everything else will do.

mod command;
mod log;
mod table;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::Command;

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
    /// Only this target [default: each of them, one after the other]
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

/// Fuzzes each target for a moment, as one of the tests.
pub(crate) fn briefly() -> Result<()> {
    fuzz(&targets()?, BRIEF, Some(SEED))
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

fn fuzz(targets: &[String], seconds: u64, seed: Option<u32>) -> Result<()> {
    shell::run(&mut command::build(targets))?;
    println!("{}", table::HEADING);
    let mut broken = Vec::new();
    for target in targets {
        // libFuzzer does not make the folder that it writes to.
        let corpus = workspace::root().join("fuzz/corpus").join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
        let log = follow(&mut command::run(target, seconds, seed))?;
        match log.found() {
            None => println!("{}", table::line(target, &log.figures())),
            Some(found) => {
                println!("{target}: {}", found.what);
                if let Some(input) = found.input {
                    println!("  input:  {}", shown(input));
                    println!("  replay: {}", shell::line(&command::replay(target, input)));
                }
                broken.push(target.as_str());
            }
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        bail!("fuzzing broke {}: see above", broken.join(", "))
    }
}

/// Runs a fuzzer to its end and gives what it said.
fn follow(command: &mut Command) -> Result<Log> {
    let line = shell::line(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let log = Log::new(text, output.status.success());
    Ok(log)
}

/// A path as seen from the repository's root, where the commands are typed.
fn shown(path: &str) -> String {
    let path = Path::new(path);
    let path = path.strip_prefix(workspace::root()).unwrap_or(path);
    path.display().to_string()
}
