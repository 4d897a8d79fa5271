//! The agent's configuration: one TOML file, every key optional.
//!
//! `agent.toml` beside this crate ([`REFERENCE`]) describes every key with its default. Ranges are part of the types,
//! so that whatever is wrong is found while reading and has a line.

mod collector_url;
mod configuration;
mod containers;
mod enrolment;
mod error;
mod metrics;
mod within;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io};

use serde::Deserialize;

pub use collector_url::{BadCollectorUrl, CollectorUrl};
pub use configuration::Configuration;
pub use containers::Containers;
pub use enrolment::Enrolment;
pub use error::ConfigError;
pub use metrics::Metrics;
pub use within::Within;

/// Read when no other file is named, and only if it exists.
pub const DEFAULT_PATH: &str = "/etc/umbra/agent.toml";

/// The commented reference: every key with its default.
pub const REFERENCE: &str = include_str!("../agent.toml");

/// Where state is kept when systemd's `$STATE_DIRECTORY` is not set.
const DEFAULT_STATE_DIRECTORY: &str = "/var/lib/umbra-agent";

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[report]`
    pub report: Report,
    /// `[enrolment]`
    pub enrolment: Enrolment,
    /// `[configuration]`
    pub configuration: Configuration,
    /// `[spool]`
    pub spool: Spool,
    /// `[catalogue]`
    pub catalogue: Catalogue,
    /// `[evidence]`
    pub evidence: Evidence,
    /// `[containers]`
    pub containers: Containers,
    /// `[metrics]`
    pub metrics: Metrics,
    /// `[probes]`
    pub probes: Probes,
}

/// To whom the agent reports, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// The collector; discovered when `None`.
    pub collector: Option<CollectorUrl>,
    /// Whether a collector may be looked for in the DNS.
    pub discovery: bool,
    /// Longest time that an observation waits before it is sent, in seconds.
    pub interval_seconds: Within<1, 3600>,
    /// Longest time between two reports, also when there is nothing to say, in seconds.
    pub heartbeat_seconds: Within<1, 3600>,
    /// Certificates (PEM) trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one request may take, in seconds.
    pub timeout_seconds: Within<1, 300>,
    /// Most records in one request.
    pub batch_records: Within<1, 10_000>,
    /// Most bytes of JSON, before compression, in one request; a single record may be larger.
    pub batch_bytes: Within<4_096, 16_777_216>,
    /// Most different (caller, name, minute) that are kept in memory before they go to the spool early.
    pub rollup_keys: Within<1, 100_000>,
}

/// Where and how much is kept until the collector has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spool {
    /// The folder; see [`Spool::directory`].
    pub directory: Option<PathBuf>,
    /// Most bytes of records on disk.
    pub max_bytes: Within<65_536, 1_099_511_627_776>,
    /// Most bytes of records in memory while the disk cannot be written.
    pub memory_bytes: Within<65_536, 67_108_864>,
    /// Most bytes of refused batches in the dead-letter folder.
    pub dead_letter_bytes: Within<0, 1_073_741_824>,
}

/// The catalogue of vendors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Catalogue {
    /// A file that adds to the built-in catalogue or overrides it.
    pub file: Option<PathBuf>,
}

/// Evidence beyond what flows show by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// Whether the agent looks up the catalogue's exact names, for the evidence `ip`.
    pub resolve_catalogue_names: bool,
    /// Seconds between two such look-ups.
    pub seconds_per_name: Within<1, 3600>,
}

/// The kernel side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Probes {
    /// How much the kernel programs say of their own work.
    pub log: KernelLog,
}

/// How much the kernel programs say of their own work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KernelLog {
    /// Nothing.
    #[default]
    Off,
    /// Each catalogue flow that gets its name.
    Debug,
    /// Each flow that opens, of any name. Addresses and names are never said.
    Trace,
}

impl KernelLog {
    /// The level as aya-log's programs compare it (`aya_log_common::Level`): 0 is below the first.
    pub fn level(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }
}

impl Config {
    /// Reads `path`, or [`DEFAULT_PATH`] if `None` and there is such a file, or else gives the defaults.
    ///
    /// Fails when the file cannot be read, is not TOML, has an unknown key or a value out of its range.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        match fs::read_to_string(file) {
            Ok(text) => Self::parse(&text).map_err(|problem| ConfigError::invalid(file, &text, &problem)),
            Err(error) if path.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable {
                path: file.to_owned(),
                source,
            }),
        }
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

impl Catalogue {
    /// The text of the user's own file, if there is one, and what errors call it.
    pub(crate) fn read(&self) -> Result<Option<Arc<(String, String)>>, umbra_catalog::Error> {
        let Some(path) = &self.file else {
            return Ok(None);
        };
        let file = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(Arc::new((file, text)))),
            Err(cause) => Err(umbra_catalog::Error::Read { file, cause }),
        }
    }

    /// The built-in catalogue, with the user's own file laid over it if there is one.
    pub fn load(&self) -> Result<umbra_catalog::Catalogue, umbra_catalog::Error> {
        match &self.file {
            Some(file) => umbra_catalog::Catalogue::with_override(file),
            None => Ok(umbra_catalog::Catalogue::builtin()),
        }
    }
}

impl Spool {
    /// The folder for spool, dead letters and agent id: as configured, else `$STATE_DIRECTORY` (systemd), else
    /// `/var/lib/umbra-agent`.
    pub fn directory(&self) -> PathBuf {
        // systemd joins several state directories with colons (systemd.exec(5)); the first is the agent's.
        let from_systemd =
            || env::split_paths(&env::var_os("STATE_DIRECTORY")?).find(|path| path.is_absolute());
        self.directory
            .clone()
            .or_else(from_systemd)
            .unwrap_or_else(|| DEFAULT_STATE_DIRECTORY.into())
    }
}

impl Default for Report {
    fn default() -> Self {
        Self {
            collector: None,
            discovery: true,
            interval_seconds: Within::new(60),
            heartbeat_seconds: Within::new(60),
            ca_file: None,
            timeout_seconds: Within::new(30),
            batch_records: Within::new(1_000),
            batch_bytes: Within::new(1 << 20),
            rollup_keys: Within::new(10_000),
        }
    }
}

impl Default for Spool {
    fn default() -> Self {
        Self {
            directory: None,
            max_bytes: Within::new(256 << 20),
            memory_bytes: Within::new(4 << 20),
            dead_letter_bytes: Within::new(16 << 20),
        }
    }
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            resolve_catalogue_names: false,
            seconds_per_name: Within::new(1),
        }
    }
}

#[cfg(test)]
mod tests;
