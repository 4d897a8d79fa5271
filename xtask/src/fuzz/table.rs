//! A line for each target.

use super::log::Figures;

/// Of the columns that [`line`] writes.
pub(super) const HEADING: &str = "target      executions   per second   edges reached   inputs kept";

/// The figures of a target.
pub(super) fn line(target: &str, figures: &Figures) -> String {
    let Figures {
        executions,
        per_second,
        edges,
        of,
        inputs,
    } = figures;
    let edges = format!("{edges} of {of}");
    format!("{target:10} {executions:>11} {per_second:>12} {edges:>15} {inputs:>13}")
}
