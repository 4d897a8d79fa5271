use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters of a pattern.
const LENGTH: usize = 512;
/// Stars of a pattern; more would be a mistake.
const STARS: usize = 8;

/// A text, in which `*` stands for any characters, or none. Case matters, as it does for paths and users.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// What is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No character.
    #[error("is empty: leave it out, or write * for any that is known")]
    Empty,
    /// Too many characters.
    #[error("is longer than {LENGTH} characters")]
    Long,
    /// Too many stars.
    #[error("has more than {STARS} `*`")]
    Stars,
    /// A control character.
    #[error("has a character in it that cannot be seen")]
    Control,
}

impl Pattern {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a text without a star.
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether the text is one that it stands for.
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            // No star.
            return rest.is_empty();
        };
        for part in parts {
            // The first place is the best one: it leaves the most for what follows.
            match rest.find(part) {
                Some(place) => rest = &rest[place + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// Whether it stands for nothing that the other does not stand for, too.
    pub fn is_within(&self, other: &Self) -> bool {
        // A star of ours is a character that only a star of the other's can stand for, and then with all that ours does.
        other.matches(&self.0)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            Err(PatternError::Empty)
        } else if text.chars().count() > LENGTH {
            Err(PatternError::Long)
        } else if text.matches('*').count() > STARS {
            Err(PatternError::Stars)
        } else if text.chars().any(char::is_control) {
            Err(PatternError::Control)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests;
