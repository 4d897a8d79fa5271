use proptest::prelude::*;

use super::{Pattern, PatternError};

fn pattern(text: &str) -> Pattern {
    text.parse().expect("a pattern")
}

#[test]
fn a_star_stands_for_any_characters_or_none() {
    for (stars, text, is) in [
        ("bot", "bot", true),
        ("bot", "bots", false),
        ("bot", "robot", false),
        ("*", "", true),
        ("*", "anything", true),
        ("/srv/*", "/srv/bot.py", true),
        ("/srv/*", "/opt/bot.py", false),
        ("*.py", "/srv/bot.py", true),
        ("/srv/*.py", "/srv/.py", true),
        ("/srv/*.py", "/srv/py", false),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "acb", false),
        // One character is not two parts at once.
        ("ab*ba", "aba", false),
        ("a**a", "aa", true),
    ] {
        assert_eq!(pattern(stars).matches(text), is, "{stars} of {text}");
    }
}

#[test]
fn what_is_no_pattern_is_refused() {
    for (text, why) in [
        ("", PatternError::Empty),
        ("a\nb", PatternError::Control),
        ("*********", PatternError::Stars),
        (&"x".repeat(513), PatternError::Long),
    ] {
        assert_eq!(text.parse::<Pattern>(), Err(why));
    }
}

/// What `*` means, by trying.
fn stands_for(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|place| stands_for(rest, &text[place..])),
        Some((first, rest)) => text.first() == Some(first) && stands_for(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn a_pattern_stands_for_what_trying_says(stars in "[ab*]{1,7}", text in "[ab]{0,8}") {
        prop_assert_eq!(pattern(&stars).matches(&text), stands_for(stars.as_bytes(), text.as_bytes()));
    }

    /// What is within a pattern stands for no text that the pattern does not.
    #[test]
    fn within_is_never_wider(one in "[ab*]{1,6}", other in "[ab*]{1,6}", text in "[ab]{0,8}") {
        let (one, other) = (pattern(&one), pattern(&other));
        if one.is_within(&other) && one.matches(&text) {
            prop_assert!(other.matches(&text));
        }
    }
}
