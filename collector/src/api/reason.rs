//! Why somebody did something, in their own words, as the audit log keeps it.

use crate::refusal::Refusal;

/// Characters of a reason.
const MOST: usize = 2_000;

/// A reason without the space around it, which may be none.
///
/// # Errors
/// One that is longer than 2,000 characters, or has control characters other than line feeds.
pub(super) fn may_say(text: &str) -> Result<&str, Refusal> {
    if text.chars().count() > MOST || text.chars().any(|char| char.is_control() && char != '\n') {
        return Err(Refusal::bad(format!(
            "a reason is at most {MOST} characters, without control characters"
        )));
    }
    Ok(text.trim())
}

/// The same, where there must be one.
pub(super) fn must_say(text: &str) -> Result<&str, Refusal> {
    match may_say(text)? {
        "" => Err(Refusal::bad("say why: give a reason")),
        reason => Ok(reason),
    }
}
