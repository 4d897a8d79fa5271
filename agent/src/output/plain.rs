//! Others' words and numbers, as people read them.

use std::{borrow::Cow, fmt};

/// Names of programs, users and jobs are others' words: they must not steer the terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.escape_default().to_string().into()
    } else {
        text.into()
    }
}

/// Bytes in decimal units (1 kB = 1000 B).
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[allow(clippy::cast_precision_loss, reason = "one decimal is shown")]
        let bytes = self.0 as f64;
        let text = match self.0 {
            // What would be rounded to 1000.0 is of the next unit.
            999_950_000_000.. => format!("{:.1} TB", bytes / 1e12),
            999_950_000.. => format!("{:.1} GB", bytes / 1e9),
            999_950.. => format!("{:.1} MB", bytes / 1e6),
            1000.. => format!("{:.1} kB", bytes / 1e3),
            _ => format!("{} B", self.0),
        };
        formatter.pad(&text)
    }
}
