use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// `[enrolment]`: what lets the agent in at its collector.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enrolment {
    /// A token of the collector's.
    pub token: Option<String>,
    /// A file that holds it, read whenever it is needed.
    pub token_file: Option<PathBuf>,
}

/// Without the token: it is a secret.
impl fmt::Debug for Enrolment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Enrolment")
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("token_file", &self.token_file)
            .finish()
    }
}
