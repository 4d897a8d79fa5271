use serde::Deserialize;
use umbra_report::limits::POLL_SECONDS;

use super::Within;

/// `[configuration]`: what of the collector's configuration the agent takes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    /// Whether any.
    pub enabled: bool,
    /// Whether its catalogue, too.
    pub catalogue: bool,
    /// Seconds between two questions, unless the collector says.
    pub poll_seconds: Within<{ *POLL_SECONDS.start() as u64 }, { *POLL_SECONDS.end() as u64 }>,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            enabled: true,
            catalogue: true,
            poll_seconds: Within::new(300),
        }
    }
}
