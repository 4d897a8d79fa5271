//! Why somebody did something, in their own words, as the audit log keeps it.

use umbra_policy::Sanction;

use crate::refusal::Refusal;

/// A reason without the space around it, which may be none.
///
/// # Errors
/// One that is longer than a sanction's may be, which it may become, or has control characters other than line feeds.
pub(crate) fn may_say(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.chars().count() > Sanction::TEXT || text.chars().any(|char| char.is_control() && char != '\n') {
        return Err(Refusal::bad(format!(
            "a reason is at most {} characters, without control characters",
            Sanction::TEXT
        )));
    }
    Ok(text)
}

/// The same, where there must be one.
pub(crate) fn must_say(text: &str) -> Result<&str, Refusal> {
    match may_say(text)? {
        "" => Err(Refusal::bad("say why: give a reason")),
        reason => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_space_around_a_reason_does_not_count() {
        let whole = "x".repeat(Sanction::TEXT);
        assert_eq!(must_say(&format!("\t{whole}\r\n")).ok(), Some(&*whole));
        assert_eq!(must_say("since\nMay\r\n").ok(), Some("since\nMay"));
        assert_eq!(may_say(" \n").ok(), Some(""));
        for wrong in [" \n".to_owned(), format!("{whole}x"), "a\tb".to_owned()] {
            assert!(must_say(&wrong).is_err(), "{wrong:?}");
        }
    }
}
