//! The published result: each observer's lies between two marks, which only this writes.

use std::fmt::Write as _;

use anyhow::Result;

use super::played::Run;
use crate::page::between;

/// Who writes there.
const BY: &str = "cargo xtask scorecard --write";

/// The page with an observer's result in place of the last one.
pub(super) fn with(page: &str, observer: &str, run: &Run, table: &str) -> Result<String> {
    let page = between(
        page,
        observer,
        BY,
        &format!("```text\n{}\n```\n", table.trim_end()),
    )?;
    if observer == "umbra" {
        between(&page, "scenarios", BY, &scenarios(run))
    } else {
        Ok(page)
    }
}

/// What each does, and why the agent is expected to fall short.
fn scenarios(run: &Run) -> String {
    let mut text = "| scenario | is | the agent falls short because |\n| --- | --- | --- |\n".to_owned();
    for scenario in &run.scenarios {
        let expected = scenario.expected.as_deref().unwrap_or_default();
        let line = format!("| `{}` | {} | {expected} |", scenario.id, scenario.what);
        let _ = writeln!(text, "{}", line.replace("|  |", "| |"));
    }
    text
}
