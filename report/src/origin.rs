use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What set a program off: somebody's session, a job, a service. The rules are the agent's (`docs/ORIGIN.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Origin {
    /// What kind of session or job.
    pub kind: OriginKind,
    /// Which job, timer, service, desktop or CI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is at the other end of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schema::address))]
    pub peer: Option<IpAddr>,
    /// Programs of its ancestors, the parent first: at most [`crate::limits::ANCESTORS`], in the words of
    /// [`crate::Program::name`], `unknown` where nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<String>,
}

impl Origin {
    /// What people read of it; `None` when it is of no known kind.
    pub fn words(&self) -> Option<String> {
        (self.kind != OriginKind::Unknown).then(|| self.to_string())
    }
}

/// `ssh from 192.0.2.9`, `cron /etc/cron.daily/report`.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind.as_str())?;
        if let Some(name) = &self.name {
            write!(formatter, " {name}")?;
        }
        match self.peer {
            Some(peer) => write!(formatter, " from {peer}"),
            None => Ok(()),
        }
    }
}

/// Kinds of sessions and jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// Somebody who came over SSH.
    Ssh,
    /// Somebody at a terminal.
    #[serde(rename = "tty")]
    Terminal,
    /// Somebody at a desktop.
    Desktop,
    /// A job of cron, anacron or at.
    Cron,
    /// A service that a timer of systemd starts.
    Timer,
    /// A service.
    Service,
    /// A job of a CI's runner.
    Ci,
    /// A container, of which no more is known.
    Container,
    /// Not known, or of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl OriginKind {
    /// The word for it, as it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Terminal => "tty",
            Self::Desktop => "desktop",
            Self::Cron => "cron",
            Self::Timer => "timer",
            Self::Service => "service",
            Self::Ci => "ci",
            Self::Container => "container",
            Self::Unknown => "unknown",
        }
    }
}
