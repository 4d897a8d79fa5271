//! What is printed: 80 columns, but for names and paths that are longer.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::path::Path;

use super::judgement::Judgement;
use super::score::{Score, Share};
use super::truth::Row;

const WIDTH: usize = 80;

/// Figures first, then each flow that deserves a look.
pub(super) fn of(score: &Score<'_>) -> String {
    let mut text = format!(
        "{} flows of {} captures\n\n{:28} {:>6} {:>6} {:>8}\n",
        score.judgements.len(),
        score.captures,
        "",
        "found",
        "of",
        "recall"
    );
    share(&mut text, "all", Share::found(&score.judgements));
    group(&mut text, "protocol", score, |it| vec![&it.row.protocol]);
    group(&mut text, "decoders", score, |it| vec![&it.row.decoders]);
    group(&mut text, "features", score, |it| {
        it.row.features.iter().map(String::as_str).collect()
    });
    ech(&mut text, score);

    let mut list = List::new(&mut text, "false names", score.false_names().count());
    for (row, line) in score.false_names() {
        list.row(row, line);
    }
    let missed = score.missed().count();
    let mut list = List::new(&mut text, "missed", missed);
    for it in score.missed() {
        list.row(it.row, it.in_its_place());
    }
    let others = || {
        let judgements = score.judgements.iter();
        judgements.flat_map(|it| it.lines_by_other_evidence().map(move |line| (it.row, line)))
    };
    let mut list = List::new(
        &mut text,
        "named by other evidence than the hello",
        others().count(),
    );
    for (row, line) in others() {
        list.row(row, line);
    }
    let mut list = List::new(
        &mut text,
        "named, but not in the table, so not judged",
        score.unlisted.len(),
    );
    for (file, line) in &score.unlisted {
        list.entry(file, &line.flow, "-", line);
    }
    if !score.problems.is_empty() {
        let _ = writeln!(text, "\nnot read to the end: {}", score.problems.len());
        for (file, problem) in &score.problems {
            let _ = writeln!(text, "{}\n  {problem}", file.display());
        }
    }
    text
}

fn share(text: &mut String, name: &str, share: Share) {
    let Share { part, of } = share;
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 flows")]
    let percent = 100.0 * part as f64 / of as f64;
    // Rounded down, so that 100 means all.
    let percent = (percent * 10.0).floor() / 10.0;
    let _ = writeln!(text, "{name:28} {part:>6} {of:>6} {percent:>7.1}%");
}

/// A line for each word that `words` gives for the rows; rows without one are `-`.
fn group<'s>(
    text: &mut String,
    title: &str,
    score: &'s Score<'_>,
    words: impl Fn(&'s Judgement<'s>) -> Vec<&'s str>,
) {
    let _ = writeln!(text, "{title}");
    let words = |it| match words(it) {
        words if words.is_empty() => vec!["-"],
        words => words,
    };
    let all: BTreeSet<_> = score.judgements.iter().flat_map(words).collect();
    for word in all {
        let of_word = score.judgements.iter().filter(|&it| words(it).contains(&word));
        share(text, &format!("  {word}"), Share::found(of_word));
    }
}

/// How often table and agent agree on encrypted client hello.
fn ech(text: &mut String, score: &Score<'_>) {
    let pairs: Vec<_> = score.judgements.iter().filter_map(Judgement::ech).collect();
    let count = |table, agent| pairs.iter().filter(|&&pair| pair == (table, agent)).count();
    let _ = writeln!(
        text,
        "\nech, of {} whole hellos: {} seen, {} not seen, {} seen where there is none",
        pairs.len(),
        count(true, true),
        count(true, false),
        count(false, true)
    );
}

/// Flows under their captures.
struct List<'t> {
    text: &'t mut String,
    file: Option<&'t Path>,
}

impl<'t> List<'t> {
    fn new(text: &'t mut String, title: &str, entries: usize) -> Self {
        let _ = writeln!(text, "\n{title}: {entries}");
        Self { text, file: None }
    }

    fn row(&mut self, row: &'t Row, printed: impl Display) {
        let name = row.name.as_deref().unwrap_or("-");
        self.entry(
            &row.file,
            &row.flow,
            &format!("{name} [{}]", row.decoders),
            printed,
        );
    }

    fn entry(&mut self, file: &'t Path, flow: &str, table: &str, printed: impl Display) {
        if self.file != Some(file) {
            let _ = writeln!(self.text, "{}", file.display());
            self.file = Some(file);
        }
        let flow = if flow.len() + 2 > WIDTH {
            flow.replace('>', "\n    >")
        } else {
            flow.to_owned()
        };
        let _ = writeln!(self.text, "  {flow}\n    table: {table}\n    printed: {printed}");
    }
}
