//! `cargo xtask scorecard`: how much of known traffic the agent tells, and how much a peer would.

mod page;
mod played;
mod table;
mod tally;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

use crate::setup::{self, Need};
use crate::{build, root, shell, workspace};
use played::Run;

/// Where the result is published, below the repository's root.
const PAGE: &str = "docs/SCORECARD.md";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each scenario is played.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Who watches; several, parted by commas, one after the other.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "umbra")]
    observer: Vec<Observer>,
    /// Only scenarios whose name contains this.
    #[arg(long, conflicts_with = "write")]
    filter: Option<String>,
    /// Put the result into docs/SCORECARD.md.
    #[arg(long)]
    write: bool,
    /// Score with the programs in this folder, instead of building them.
    #[arg(long, hide = true)]
    programs: Option<PathBuf>,
}

/// Who can watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Observer {
    /// The agent of this repository.
    Umbra,
    /// Wireshark's dissectors.
    Tshark,
    /// An intrusion detection system.
    Suricata,
}

impl Observer {
    fn name(self) -> &'static str {
        match self {
            Self::Umbra => "umbra",
            Self::Tshark => "tshark",
            Self::Suricata => "suricata",
        }
    }
}

/// Plays the scenarios before each observer; fails when the harness does, whatever the score.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    let programs = match &arguments.programs {
        Some(programs) => programs.clone(),
        None => built(arguments)?,
    };
    for &observer in &arguments.observer {
        let run = Run::read(&played(arguments, observer, &programs)?)?;
        let text = table::of(&run);
        println!("{text}");
        if arguments.write {
            let path = workspace::root().join(PAGE);
            let page = fs::read_to_string(&path).with_context(|| format!("cannot read {PAGE}"))?;
            let page = page::with(&page, observer.name(), &run, &text)?;
            fs::write(&path, page).with_context(|| format!("cannot write {PAGE}"))?;
            eprintln!("scorecard: {PAGE} has the result of {}", observer.name());
        }
    }
    Ok(())
}

fn built(arguments: &Arguments) -> Result<PathBuf> {
    // The scenarios have the clients and proxies of the tests.
    setup::ensure(Need::Test)?;
    if arguments.observer.iter().any(|&it| it != Observer::Umbra) {
        setup::ensure(Need::Peers)?;
    }
    root::ask("load the kernel programs and make network namespaces")?;
    build::release_with(&["umbra-testbed", "umbra-scorecard"])
}

/// What the scenarios' program prints.
fn played(arguments: &Arguments, observer: Observer, programs: &Path) -> Result<String> {
    let mut command = root::command("env");
    // sudo forgets it.
    if let Ok(path) = env::var("PATH") {
        command.arg(format!("PATH={path}"));
    }
    command
        .arg(format!("UMBRA_BIN_DIR={}", programs.display()))
        .arg(programs.join("umbra-scorecard"))
        .args([
            "--observer",
            observer.name(),
            "--trials",
            &arguments.trials.to_string(),
        ]);
    if let Some(filter) = &arguments.filter {
        command.args(["--filter", filter]);
    }
    finished(&mut command)
}

fn finished(command: &mut Command) -> Result<String> {
    eprintln!("$ {}", shell::line(command));
    let process::Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the scenarios")?;
    ensure!(
        status.success(),
        "the scenarios were not played to their end ({status}), so that there is no score: see the message above"
    );
    String::from_utf8(stdout).context("the scenarios' program printed what is no text")
}
