//! Something that is known, in a list of such.

use crate::labels::Labels;

/// A title, and what is known.
pub(super) struct Fact {
    pub(super) title: &'static str,
    pub(super) text: String,
    /// Where there is more about it.
    pub(super) href: Option<String>,
}

impl Fact {
    pub(super) fn new(title: &'static str, text: impl Into<String>) -> Self {
        Self {
            title,
            text: text.into(),
            href: None,
        }
    }

    /// With a way to more.
    pub(super) fn linked(title: &'static str, text: impl Into<String>, href: String) -> Self {
        Self {
            href: Some(href),
            ..Self::new(title, text)
        }
    }
}

/// A host's labels in words.
pub(super) fn labels(labels: &Labels) -> String {
    if labels.0.is_empty() {
        return "none".to_owned();
    }
    labels.to_string().replace(',', ", ")
}
