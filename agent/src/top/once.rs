//! One table for a person, a script or a pipe.

use std::fmt::Write as _;

use super::model::{Line, Model, user};
use super::view::ago;
use crate::live::Word;
use crate::output::plain::{Bytes, printable};

/// Vendors with their callers, most sent first; nothing is cut off.
pub(super) fn table(word: &Word) -> String {
    let mut model = Model::new();
    model.hear(word.clone());
    let mut rows = vec![["PROGRAM", "USER", "OPEN", "FLOWS", "OUT", "IN", "LAST"].map(str::to_owned)];
    for line in model.lines() {
        rows.push(match line {
            Line::Vendor(vendor) => [
                vendor.name.to_owned(),
                String::new(),
                vendor.open.to_string(),
                vendor.flows.to_string(),
                Bytes(vendor.bytes_out).to_string(),
                Bytes(vendor.bytes_in).to_string(),
                ago(word.time, vendor.last_seen),
            ],
            Line::Used(used) => [
                format!("  {}", printable(&used.caller.program.name)),
                printable(&user(used)).into_owned(),
                used.open.to_string(),
                used.flows.to_string(),
                Bytes(used.bytes_out).to_string(),
                Bytes(used.bytes_in).to_string(),
                ago(word.time, used.last_seen),
            ],
        });
    }
    let widths: Vec<usize> = (0..7)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0 | 1 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    if word.forgotten > 0 {
        let _ = writeln!(text, "{} older rows are left out", word.forgotten);
    }
    for (cause, count) in &word.losses {
        let _ = writeln!(text, "lost: {count} {}", printable(cause));
    }
    text
}
