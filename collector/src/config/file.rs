use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use super::routes::RouteFile;

/// The configuration file. `collector/README.md` shows one in full.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) listen: Option<SocketAddr>,
    pub(super) data: Option<PathBuf>,
    pub(super) database: Option<String>,
    pub(super) tls: Tls,
    pub(super) webhook: Webhook,
    pub(super) routes: Vec<RouteFile>,
    pub(super) page: Page,
    pub(super) metrics: Metrics,
    pub(super) agents: Agents,
    pub(super) retention: Retention,
    pub(super) findings: Findings,
    pub(super) people: People,
    pub(super) limits: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) report_bytes: Option<u64>,
    pub(super) report_unpacked_bytes: Option<u64>,
    pub(super) head_seconds: Option<u64>,
    pub(super) idle_seconds: Option<u64>,
    pub(super) body_seconds: Option<u64>,
    pub(super) shutdown_seconds: Option<u64>,
    pub(super) connections: Option<u64>,
    pub(super) reports_at_once: Option<u64>,
    pub(super) reports_of_an_agent: Option<u64>,
    pub(super) memory_bytes: Option<u64>,
}

/// Whole months; the keys say so, as whoever reads the file should not have to guess.
#[expect(clippy::struct_field_names, reason = "the names are the keys")]
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Retention {
    pub(super) observations_months: Option<u64>,
    pub(super) inventory_months: Option<u64>,
    pub(super) findings_months: Option<u64>,
    pub(super) requests_months: Option<u64>,
    pub(super) alerts_months: Option<u64>,
    pub(super) losses_months: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct People {
    pub(super) names: crate::names::Names,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Findings {
    pub(super) learning_days: Option<u64>,
    pub(super) silent_hours: Option<u64>,
    pub(super) lossy_percent: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Webhook {
    pub(super) url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Page {
    pub(super) url: Option<String>,
    pub(super) hosts: Vec<String>,
    pub(super) forwarded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Metrics {
    pub(super) open: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Agents {
    pub(super) listen: Option<SocketAddr>,
    pub(super) names: Vec<String>,
    pub(super) certificate_seconds: Option<u64>,
    pub(super) enrolments_per_second: Option<u64>,
    pub(super) takeover_seconds: Option<u64>,
    pub(super) missing_days: Option<u64>,
    pub(super) authority: Tls,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.as_bytes().get(..span.start));
            let breaks = before.unwrap_or_default().iter().filter(|byte| **byte == b'\n');
            ConfigError::Parse {
                path: path.to_owned(),
                line: 1 + breaks.count(),
                reason: error.message().lines().collect::<Vec<_>>().join(", "),
            }
        })
    }
}
