//! `cargo xtask accuracy`: how well `umbra-agent inspect` names the flows of captures whose names are known.

mod ends;
mod judgement;
mod printed;
mod score;
mod summary;
mod truth;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::setup::{self, Need};
use crate::{shell, workspace};
use printed::Printed;
use score::Score;
use truth::Row;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder with `ground_truth.tsv` and the captures that it names, each at REPO/FILE.
    dir: Option<PathBuf>,
}

/// Scores the agent; fails when a name is false, or a row is missed that two decoders agree on.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    let Some(folder) = &arguments.dir else {
        bail!(
            "no captures to score: give a folder that holds {} (columns, parted by tabs: {}) and the captures at \
             REPO/FILE",
            truth::FILE,
            truth::COLUMNS.join(", ")
        );
    };
    let rows = truth::read(folder)?;
    setup::ensure(Need::Build)?;
    shell::run(workspace::cargo().args(["build", "--release", "-p", "umbra-agent"]))?;
    let agent = workspace::release_binary("umbra-agent");
    let score = score(&rows, |file| printed::of(&agent, &folder.join(file)))?;
    print!("{}", summary::of(&score));
    match score.reasons_to_fail() {
        reasons if reasons.is_empty() => Ok(()),
        reasons => bail!("{} (listed above)", reasons.join("; ")),
    }
}

/// Asks `inspect` once for each capture of the table.
fn score(rows: &[Row], inspect: impl Fn(&Path) -> Result<Printed>) -> Result<Score<'_>> {
    let mut score = Score::default();
    for of_file in rows.chunk_by(|a, b| a.file == b.file) {
        let file = &of_file[0].file;
        let printed = inspect(file).with_context(|| format!("cannot score {}", file.display()))?;
        score.add(of_file, printed);
    }
    Ok(score)
}
