//! Results that are published in a page of the docs, between two marks, which only their commands write.

use anyhow::{Context as _, Result};

/// The page with `text` between the marks of `what`, which the command `by` writes, in place of what was there.
pub(crate) fn between(page: &str, what: &str, by: &str, text: &str) -> Result<String> {
    let (begin, end) = (
        format!("<!-- {what}: written by `{by}` -->\n"),
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
