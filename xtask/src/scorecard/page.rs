//! The published result: each observer's lies between two marks, which only this writes.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::played::Run;

/// The page with an observer's result in place of the last one.
pub(super) fn with(page: &str, observer: &str, run: &Run, table: &str) -> Result<String> {
    let page = between(page, observer, &format!("```text\n{}\n```\n", table.trim_end()))?;
    if observer == "umbra" {
        between(&page, "scenarios", &scenarios(run))
    } else {
        Ok(page)
    }
}

fn between(page: &str, what: &str, text: &str) -> Result<String> {
    let (begin, end) = (
        format!("<!-- {what}: written by `cargo xtask scorecard --write` -->\n"),
        format!("<!-- /{what} -->"),
    );
    let (before, rest) = page
        .split_once(&begin)
        .with_context(|| format!("the page has no mark {begin:?}"))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("the page has no mark {end:?} behind its beginning"))?;
    Ok(format!("{before}{begin}\n{text}\n{end}{after}"))
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
