//! `cargo xtask catalog`: the linter of the AI catalogue.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use umbra_catalog::lint::{self, Report};

use crate::workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A file of your own that adds to the catalogue or overrides it, instead of the catalogue itself.
    file: Option<PathBuf>,
}

/// Checks what was asked for.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    match &arguments.file {
        None => shipped(),
        Some(file) => {
            judge(&lint::own_file(file).with_context(|| format!("cannot check {}", file.display()))?)
        }
    }
}

/// Checks the catalogue of this repository.
pub(crate) fn shipped() -> Result<()> {
    judge(&lint::folder(&workspace::root().join("catalog")).context("cannot check the catalogue")?)
}

fn judge(report: &Report) -> Result<()> {
    for problem in &report.problems {
        println!("{problem}");
    }
    let kinds: Vec<_> = report
        .kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    println!(
        "{} vendors, {} services, {} patterns ({}), {} exclusions, {} entries in the kernel's trie",
        report.vendors,
        report.services,
        report.patterns,
        kinds.join(", "),
        report.exclusions,
        report.trie_entries
    );
    match report.problems.len() {
        0 => Ok(()),
        problems => bail!("{problems} problems in the catalogue: see above"),
    }
}
