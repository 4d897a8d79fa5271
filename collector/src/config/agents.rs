use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{ConfigError, Tls, file};

/// After how long a silence an agent is missing, unless told otherwise: 30 days.
pub(crate) const MISSING: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 3600;

/// `missing_days`, which holds for all agents, with certificates or without.
pub(super) fn missing(file: &file::Agents) -> Result<Duration, ConfigError> {
    let days = file
        .missing_days
        .map_or(Ok(MISSING.as_secs() / DAY), |days| match days {
            1..=3660 => Ok(days),
            _ => Err(ConfigError::Range {
                section: "agents",
                key: "missing_days",
                low: 1,
                high: 3660,
            }),
        })?;
    Ok(Duration::from_secs(days * DAY))
}

/// The listener for agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agents {
    /// Address to listen on: any.
    pub listen: SocketAddr,
    /// Names and addresses by which agents reach it.
    pub names: Vec<String>,
    /// How long an agent's certificate is good.
    pub life: Duration,
    /// Enrolments a second; more are sent away for a while.
    pub enrolments_per_second: u32,
    /// How long a host must be silent before another start of it may report.
    pub takeover: Duration,
}

impl Agents {
    pub(super) fn new(
        listen: Option<SocketAddr>,
        file: file::Agents,
    ) -> Result<(Option<Self>, Option<Tls>), ConfigError> {
        let within = |key, value: u64, low, high| {
            if (low..=high).contains(&value) {
                Ok(value)
            } else {
                Err(ConfigError::Range {
                    section: "agents",
                    key,
                    low,
                    high,
                })
            }
        };
        let life = within(
            "certificate_seconds",
            file.certificate_seconds.unwrap_or(7 * 24 * 3600),
            6,
            366 * 24 * 3600,
        )?;
        let pace = within(
            "enrolments_per_second",
            file.enrolments_per_second.unwrap_or(20),
            1,
            10_000,
        )?;
        let takeover = within(
            "takeover_seconds",
            file.takeover_seconds.unwrap_or(150),
            1,
            86_400,
        )?;
        let authority = match (file.authority.cert, file.authority.key) {
            (Some(cert), Some(key)) => Some(Tls { cert, key }),
            (None, None) => None,
            _ => return Err(ConfigError::HalfAuthority),
        };
        let agents = listen.or(file.listen).map(|listen| Self {
            listen,
            names: if file.names.is_empty() {
                own_names(listen)
            } else {
                file.names
            },
            life: Duration::from_secs(life),
            enrolments_per_second: u32::try_from(pace).unwrap_or(u32::MAX),
            takeover: Duration::from_secs(takeover),
        });
        Ok((agents, authority))
    }
}

impl Agents {
    /// Where agents of other hosts reach it at this port: by the first name that is not this machine's own alone.
    ///
    /// `None` when no name can stand in a URL.
    pub(crate) fn known_as(&self, port: u16) -> Option<String> {
        let is_own = |name: &&String| {
            let address = name.parse::<IpAddr>().ok();
            address.map_or(*name == "localhost", |it| it.is_loopback() || it.is_unspecified())
        };
        let name = self
            .names
            .iter()
            .find(|name| !is_own(name))
            .or(self.names.first())?;
        let host = match name.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => name.clone(),
        };
        // It goes into a shell's command and a configuration file.
        let fits = host
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "-._:[]".contains(char));
        fits.then(|| format!("https://{host}:{port}"))
    }
}

/// What the host is called by itself, and where it listens.
fn own_names(listen: SocketAddr) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let more = [host.trim().to_owned(), listen.ip().to_string()];
    names.extend(
        more.into_iter()
            .filter(|name| !name.is_empty() && !name.starts_with('(')),
    );
    names.sort();
    names.dedup();
    names
}
