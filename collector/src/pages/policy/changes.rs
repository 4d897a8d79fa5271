//! What one text has and the other has not, by lines.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// Lines of an answer.
const LINES: usize = 500;
/// Characters of a line.
const LINE: usize = 200;
/// Lines around a change.
const AROUND: usize = 3;
/// After so long what is not compared yet is shown as changed.
const PATIENCE: Duration = Duration::from_millis(200);

/// A line of the difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// `+`, `-`, a space, or `…` between places.
    pub(super) sign: char,
    pub(super) text: String,
}

impl Line {
    /// What assistive technology reads in place of the sign.
    pub(super) fn spoken(&self) -> &'static str {
        match self.sign {
            '+' => "added: ",
            '-' => "removed: ",
            _ => "",
        }
    }
}

/// What changed, with the lines around; and whether there is more than is given.
pub(super) fn changed(before: &str, after: &str) -> (Vec<Line>, bool) {
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let mut lines = Vec::new();
    for (place, group) in difference.grouped_ops(AROUND).iter().enumerate() {
        if place > 0 {
            lines.push(Line {
                sign: '…',
                text: String::new(),
            });
        }
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            if lines.len() >= LINES {
                return (lines, true);
            }
            let sign = match change.tag() {
                ChangeTag::Insert => '+',
                ChangeTag::Delete => '-',
                ChangeTag::Equal => ' ',
            };
            let text = change.value().trim_end_matches(['\r', '\n']);
            lines.push(Line {
                sign,
                text: text.chars().take(LINE).collect(),
            });
        }
    }
    (lines, false)
}

/// The whole lines at a text's beginning that have at most so many bytes.
pub(super) fn begin(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = text.floor_char_boundary(bytes);
    let end = text[..end].rfind('\n').map_or(end, |line| line + 1);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let (lines, _) = changed(before, after);
        let lines = lines.iter().map(|line| format!("{}{}", line.sign, line.text));
        lines.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_changed_is_told_with_what_is_around_it() {
        assert_eq!(told("", "a\nb\n"), "+a|+b");
        assert_eq!(told("a\nb\n", "a\nc\n"), " a|-b|+c");
        assert_eq!(told("a\n", "a\n"), "");
        let many: Vec<String> = (0..40).map(|line| line.to_string()).collect();
        let many = many.join("\n") + "\n";
        let other = many.replace("\n3\n", "\nthree\n").replace("\n30\n", "\n");
        assert_eq!(
            told(&many, &other),
            " 0| 1| 2|-3|+three| 4| 5| 6|…| 27| 28| 29|-30| 31| 32| 33"
        );
    }

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        let many = "x\n".repeat(1000);
        let (lines, is_cut) = changed("", &many);
        assert_eq!((lines.len(), is_cut), (LINES, true));
        assert_eq!(begin("ab\ncd\n", 4), "ab\n");
        assert_eq!(begin("ab\ncd\n", 6), "ab\ncd\n");
        assert_eq!(begin("éé", 3), "é");
    }
}
