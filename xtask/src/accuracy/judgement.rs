//! One row of the table against what was printed.

use super::printed::Line;
use super::truth::Row;

/// The feature of hellos that carry encrypted client hello.
const ECH: &str = "ech";

/// What became of a row.
#[derive(Debug)]
pub(super) struct Judgement<'a> {
    pub(super) row: &'a Row,
    /// Whether the flow was printed with the table's answer, which may be that it has no name.
    pub(super) found: bool,
    /// All that was printed of the flow.
    pub(super) lines: Vec<Line>,
}

impl<'a> Judgement<'a> {
    /// Of `row`, by the lines of its capture.
    pub(super) fn of(row: &'a Row, lines: &[Line]) -> Self {
        let lines: Vec<_> = lines.iter().filter(|line| is_of(row, line)).cloned().collect();
        let found = match &row.name {
            Some(_) => lines.iter().any(|line| line.name == row.name),
            None => lines.iter().any(|line| line.name_in_hello().is_none()),
        };
        Self { row, found, lines }
    }

    /// Lines whose hello gives a name that the table does not: nothing is worse.
    pub(super) fn false_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| {
            line.name_in_hello()
                .is_some_and(|name| Some(name) != self.row.name.as_deref())
        })
    }

    /// Lines whose name is not from the hello: from a DNS answer, or from what a proxy was told. The table knows
    /// nothing of these, so they can be right where it has no name.
    pub(super) fn lines_by_other_evidence(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| line.name.is_some() && line.name_in_hello().is_none())
    }

    /// What table and agent say of encrypted client hello, where a whole hello was read.
    pub(super) fn ech(&self) -> Option<(bool, bool)> {
        let line = self.lines.iter().find(|line| line.complete)?;
        self.found.then(|| (self.row.has(ECH), line.ech))
    }

    /// What was printed in place of the table's answer.
    pub(super) fn in_its_place(&self) -> String {
        if self.lines.is_empty() {
            return "nothing".to_owned();
        }
        let lines: Vec<_> = self.lines.iter().map(ToString::to_string).collect();
        lines.join("; ")
    }
}

/// Whether `line` is of the flow in `row`.
pub(super) fn is_of(row: &Row, line: &Line) -> bool {
    let same_transport = match row.protocol.as_str() {
        "tls" => line.protocol == "tcp",
        "quic" => line.protocol == "udp",
        _ => true,
    };
    same_transport && row.ends.are(line.ends)
}
