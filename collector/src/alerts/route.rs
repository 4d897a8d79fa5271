use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::Filter;

/// Name of the route that `--webhook` makes.
pub const WEBHOOK: &str = "webhook";

/// One way for alerts to leave the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// By which people, metrics and the store know it.
    pub name: String,
    /// Which findings it takes.
    pub filter: Filter,
    /// How much of them at once.
    pub pace: Pace,
    /// Whether it also tells that a finding is over.
    pub send_resolved: bool,
    /// Who gets them.
    pub receiver: Receiver,
}

/// How much a route sends at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Messages a minute, at even distances; as fast as the receiver takes them, when there is no limit.
    pub per_minute: Option<u32>,
    /// For how long alerts are collected into one message; zero: each is sent by itself.
    pub digest: Duration,
}

impl Pace {
    /// From one message to the next, at least.
    pub fn pause(&self) -> Duration {
        self.per_minute.map_or(Duration::ZERO, |messages| {
            Duration::from_mins(1) / messages.max(1)
        })
    }
}

/// Who gets the alerts of a route. Secrets are read from their files when the route is opened, and not kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// JSON of Umbra's own form.
    Plain(Url),
    /// `CloudEvents`, signed.
    Webhook {
        /// Where.
        http: Http,
        /// A file with the secret that signs, and perhaps with the one before.
        secret_file: PathBuf,
    },
    /// Slack, Mattermost and whoever takes the same.
    Slack(Http),
    /// Mail.
    Email(Box<Email>),
    /// Prometheus' Alertmanager.
    Alertmanager(Http),
    /// Syslog over TCP.
    Syslog(Syslog),
}

/// An address that is asked over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it is.
    pub address: Address,
    /// A file with authorities in PEM, in place of those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// A file with a token, to be sent as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
}

/// A URL, or the file that holds it where it is itself a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The URL.
    Url(Url),
    /// The file.
    File(PathBuf),
}

/// A mail server and who gets mail by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Name or address of the server.
    pub server: String,
    /// Its port; that of the way of encryption, unless it is given.
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// A file with authorities in PEM, in place of those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Whom to log in as.
    pub user: Option<String>,
    /// The file with the password.
    pub password_file: Option<PathBuf>,
    /// The sender.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// `STARTTLS`, without which nothing is sent (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// Not at all (port 25): for a server on this machine.
    None,
}

/// A syslog server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Name or address of the server, and port.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// A file with authorities in PEM, in place of those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key that this end shows, in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The facility's number.
    pub facility: u8,
    /// The private enterprise number under which the structured data stands.
    pub enterprise: u32,
}

impl Receiver {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Plain(_) => "plain",
            Self::Webhook { .. } => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Alertmanager(_) => "alertmanager",
            Self::Syslog(_) => "syslog",
        }
    }

    /// Where it is, without what may be secret.
    pub fn place(&self) -> String {
        match self {
            Self::Plain(url) => url.origin().ascii_serialization(),
            Self::Webhook { http, .. } | Self::Slack(http) | Self::Alertmanager(http) => {
                http.address.to_string()
            }
            Self::Email(email) => format!("{} by {}", email.to.join(", "), email.server),
            Self::Syslog(syslog) => format!("{}:{}", syslog.server, syslog.port),
        }
    }
}

/// The origin, as the rest of a URL is often a secret; or the file's name.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => formatter.write_str(&url.origin().ascii_serialization()),
            Self::File(file) => write!(formatter, "the address in {}", file.display()),
        }
    }
}

/// What the store keeps of a route: all that a reader may know, and what is asked when a finding is raised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteSettings {
    /// The word for the receiver's kind.
    pub kind: String,
    /// Where it is, without what may be secret.
    pub place: String,
    /// Which findings it takes.
    pub filter: Filter,
    /// Messages a minute.
    pub per_minute: Option<u32>,
    /// For how long alerts are collected, in seconds.
    pub digest_seconds: u64,
    /// Whether it also tells that a finding is over.
    pub send_resolved: bool,
}

impl From<&Route> for RouteSettings {
    fn from(route: &Route) -> Self {
        Self {
            kind: route.receiver.kind().to_owned(),
            place: route.receiver.place(),
            filter: route.filter.clone(),
            per_minute: route.pace.per_minute,
            digest_seconds: route.pace.digest.as_secs(),
            send_resolved: route.send_resolved,
        }
    }
}

impl Route {
    /// The route of `--webhook`: every finding, each by itself.
    pub fn webhook(url: Url) -> Self {
        Self {
            name: WEBHOOK.to_owned(),
            filter: Filter::default(),
            pace: Pace::default(),
            send_resolved: false,
            receiver: Receiver::Plain(url),
        }
    }
}

/// `soc: slack at https://hooks.example, everything, 6 a minute`.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            filter,
            receiver,
            ..
        } = self;
        write!(
            formatter,
            "{name}: {} at {}, {filter}",
            receiver.kind(),
            receiver.place()
        )?;
        if let Some(messages) = self.pace.per_minute {
            write!(formatter, ", {messages} a minute")?;
        }
        if !self.pace.digest.is_zero() {
            write!(
                formatter,
                ", a digest each {} min",
                self.pace.digest.as_secs() / 60
            )?;
        }
        if self.send_resolved {
            write!(formatter, ", also when it is over")?;
        }
        Ok(())
    }
}
