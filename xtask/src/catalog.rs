//! `cargo xtask catalog`: the linter of the AI catalogue.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use umbra_catalog::{
    TRIE_CAPACITY,
    lint::{self, Report},
};

use crate::workspace;

/// How wide the summary may be.
const COLUMNS: usize = 80;
/// How wide the summary's headings are.
const HEADING: usize = 13;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A file of your own that adds to the catalogue or overrides it, instead of the catalogue itself.
    file: Option<PathBuf>,
}

/// Checks what was asked for.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    match &arguments.file {
        None => shipped(),
        // The error names file and line already.
        Some(file) => judge(&lint::own_file(file)?),
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
    summarise(report);
    match report.problems.len() {
        0 => Ok(()),
        1 => bail!("one problem in the catalogue: see above"),
        problems => bail!("{problems} problems in the catalogue: see above"),
    }
}

fn summarise(report: &Report) {
    row(
        "listed",
        [
            count(report.vendors, "vendor"),
            count(report.services, "service"),
            count(report.patterns, "pattern"),
            count(report.exclusions, "exclusion"),
        ],
    );
    row("kinds", counts(&report.kinds));
    row("confidence", counts(&report.confidences));
    row("facts known", counts(&report.facts));
    row(
        "kernel trie",
        [format!("{} of {TRIE_CAPACITY} entries", report.trie_entries)],
    );
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn counts<T: std::fmt::Display>(counts: &[(T, usize)]) -> Vec<String> {
    counts
        .iter()
        .map(|(what, number)| format!("{number} {what}"))
        .collect()
}

/// Prints a heading and its items, on as many lines as they need.
fn row(heading: &str, items: impl IntoIterator<Item = String>) {
    let mut line = format!("{heading:HEADING$}");
    let mut items = items.into_iter().peekable();
    while let Some(mut item) = items.next() {
        if items.peek().is_some() {
            item.push(',');
        }
        if line.len() + item.len() > COLUMNS {
            println!("{}", line.trim_end());
            line = " ".repeat(HEADING);
        }
        line += &item;
        line.push(' ');
    }
    println!("{}", line.trim_end());
}
