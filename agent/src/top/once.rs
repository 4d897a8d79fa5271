//! One table for a person, a script or a pipe.

use std::fmt::Write as _;

use super::model::{Line, Model, user, verdict};
use super::view::ago;
use crate::live::Word;
use crate::output::plain::{Bytes, printable};

/// The column that is there when a collector says verdicts.
const VERDICT: usize = 2;

/// Vendors with their callers, most sent first; nothing is cut off.
pub(super) fn table(word: &Word) -> String {
    let mut model = Model::new();
    model.hear(word.clone());
    let mut rows =
        vec![["PROGRAM", "USER", "VERDICT", "OPEN", "FLOWS", "OUT", "IN", "LAST"].map(str::to_owned)];
    for line in model.lines() {
        rows.push(match line {
            Line::Vendor(vendor) => [
                vendor.name.to_owned(),
                String::new(),
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
                verdict(used).to_owned(),
                used.open.to_string(),
                used.flows.to_string(),
                Bytes(used.bytes_out).to_string(),
                Bytes(used.bytes_in).to_string(),
                ago(word.time, used.last_seen),
            ],
        });
    }
    let columns = (0..8).filter(|column| *column != VERDICT || model.is_judged());
    let widths: Vec<(usize, usize)> = columns
        .map(|column| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            (column, widths.max().unwrap_or(0))
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = widths
            .iter()
            .map(|(column, width)| match column {
                0..=VERDICT => format!("{:width$}", row[*column]),
                _ => format!("{:>width$}", row[*column]),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    if word.forgotten > 0 {
        let _ = writeln!(text, "{} older rows are left out", word.forgotten);
    }
    if let Some(why) = &word.no_verdicts {
        let _ = writeln!(text, "no verdicts: {}", printable(why));
    }
    for (cause, count) in &word.losses {
        let _ = writeln!(text, "lost: {count} {}", printable(cause));
    }
    text
}
