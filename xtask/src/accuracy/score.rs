//! All rows, judged.

use std::path::PathBuf;

use super::judgement::{self, Judgement};
use super::printed::{Line, Printed};
use super::truth::Row;

/// What is known of the captures so far.
#[derive(Debug, Default)]
pub(super) struct Score<'a> {
    pub(super) captures: usize,
    pub(super) judgements: Vec<Judgement<'a>>,
    /// Names in hellos of flows that the table does not have.
    pub(super) unlisted: Vec<(PathBuf, Line)>,
    /// Captures that were not read to their end, and why.
    pub(super) problems: Vec<(PathBuf, String)>,
}

/// How many of how many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: usize,
    pub(super) of: usize,
}

impl Share {
    /// Of `judgements` that were found.
    pub(super) fn found<'j>(judgements: impl IntoIterator<Item = &'j Judgement<'j>>) -> Self {
        let mut share = Self::default();
        for judgement in judgements {
            share.of += 1;
            share.part += usize::from(judgement.found);
        }
        share
    }
}

impl<'a> Score<'a> {
    /// Judges the rows of one capture.
    pub(super) fn add(&mut self, rows: &'a [Row], printed: Printed) {
        let Some(first) = rows.first() else { return };
        self.captures += 1;
        let Printed { lines, problem } = printed;
        self.judgements
            .extend(rows.iter().map(|row| Judgement::of(row, &lines)));
        self.problems
            .extend(problem.map(|problem| (first.file.clone(), problem)));
        let unlisted = lines.into_iter().filter(|line| {
            line.name_in_hello().is_some() && !rows.iter().any(|row| judgement::is_of(row, line))
        });
        self.unlisted
            .extend(unlisted.map(|line| (first.file.clone(), line)));
    }

    /// Rows that were not found.
    pub(super) fn missed(&self) -> impl Iterator<Item = &Judgement<'a>> {
        self.judgements.iter().filter(|it| !it.found)
    }

    /// Names that the table contradicts, with the row that does.
    pub(super) fn false_names(&self) -> impl Iterator<Item = (&'a Row, &Line)> {
        self.judgements
            .iter()
            .flat_map(|it| it.false_lines().map(|line| (it.row, line)))
    }

    /// Empty when the score is as it should be.
    pub(super) fn reasons_to_fail(&self) -> Vec<String> {
        let missed = self.missed().filter(|it| it.row.is_agreed()).count();
        [
            ("missed though both decoders agree", missed),
            ("false names", self.false_names().count()),
        ]
        .into_iter()
        .filter(|&(_, count)| count > 0)
        .map(|(what, count)| format!("{what}: {count}"))
        .collect()
    }
}
