//! `[[routes]]`: where alerts go. `docs/ALERTS.md` shows one of each kind.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use crate::alerts::{Address, Email, Filter, Http, MailTls, Pace, Receiver, Route, Syslog, WEBHOOK};
use crate::findings::{FindingKind, Severity};
use crate::labels::Label;

/// The most routes besides that of `--webhook`: each has a task, and a value of a metric's label.
const MOST: usize = 32;
/// Characters of a name.
const NAME: usize = 40;
const PER_MINUTE: (u64, u64) = (1, 6000);
/// Up to a day.
const DIGEST: (u64, u64) = (0, 1440);
/// Reserved for documentation (RFC 5612): the project has no number of its own.
const ENTERPRISE: u32 = 32473;
/// `local0` (RFC 5424, table 1).
const FACILITY: u8 = 16;
/// syslog-tls (RFC 5425, section 4.1).
const SYSLOG_TLS: u16 = 6514;
/// What plain TCP has by custom (RFC 6587).
const SYSLOG_TCP: u16 = 601;

/// A table of `[[routes]]`: exactly one of the receivers is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteFile {
    name: String,
    #[serde(default)]
    filter: FilterFile,
    #[serde(default)]
    pace: PaceFile,
    send_resolved: Option<bool>,
    webhook: Option<WebhookFile>,
    slack: Option<SlackFile>,
    email: Option<EmailFile>,
    alertmanager: Option<AlertmanagerFile>,
    syslog: Option<SyslogFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FilterFile {
    severity: Option<Severity>,
    kinds: Vec<FindingKind>,
    labels: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PaceFile {
    per_minute: Option<u64>,
    digest_minutes: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookFile {
    url: Option<String>,
    url_file: Option<PathBuf>,
    secret_file: PathBuf,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlackFile {
    url: Option<String>,
    url_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertmanagerFile {
    url: String,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailFile {
    server: String,
    port: Option<u16>,
    #[serde(default)]
    tls: MailTls,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    to: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyslogFile {
    server: String,
    port: Option<u16>,
    tls: Option<bool>,
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    facility: Option<u8>,
    enterprise: Option<u32>,
}

/// The routes of the file, each checked.
pub(super) fn of(file: Vec<RouteFile>) -> Result<Vec<Route>, ConfigError> {
    let mut routes: Vec<Route> = Vec::new();
    for file in file {
        let route = file.checked()?;
        if routes.iter().any(|other| other.name == route.name) {
            return Err(wrong(
                &route.name,
                "has the name of another one; give each its own",
            ));
        }
        routes.push(route);
    }
    if routes.len() > MOST {
        return Err(ConfigError::TooManyRoutes { most: MOST });
    }
    Ok(routes)
}

fn wrong(route: &str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Route {
        route: route.to_owned(),
        reason: reason.into(),
    }
}

impl RouteFile {
    fn checked(self) -> Result<Route, ConfigError> {
        let name = self.name;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > NAME || !name.bytes().all(plain) {
            let shown: String = name
                .chars()
                .filter(|char| !char.is_control())
                .take(NAME)
                .collect();
            let rule = format!("needs a name of 1 to {NAME} small letters, digits, - and _");
            return Err(wrong(&shown, rule));
        }
        if name == WEBHOOK {
            return Err(wrong(
                &name,
                "has the name of the route that --webhook makes; give it another",
            ));
        }
        for label in &self.filter.labels {
            label.parse::<Label>().map_err(|rule| wrong(&name, rule))?;
        }
        let alertmanager = self.alertmanager.is_some();
        let receivers = [
            self.webhook.map(|it| it.checked(&name)),
            self.slack.map(|it| it.checked(&name)),
            self.email.map(|it| it.checked(&name)),
            self.alertmanager.map(|it| it.checked(&name)),
            self.syslog.map(|it| it.checked(&name)),
        ];
        let mut receivers = receivers.into_iter().flatten();
        let (Some(receiver), None) = (receivers.next(), receivers.next()) else {
            let rule =
                "needs exactly one of webhook, slack, email, alertmanager and syslog, as in [routes.slack]";
            return Err(wrong(&name, rule));
        };
        let receiver = receiver?;
        if alertmanager && self.send_resolved == Some(false) {
            let rule = "cannot do without send_resolved: Alertmanager is told what goes on and when it ends";
            return Err(wrong(&name, rule));
        }
        Ok(Route {
            pace: self.pace.checked(&name)?,
            filter: Filter {
                severity: self.filter.severity,
                kinds: self
                    .filter
                    .kinds
                    .iter()
                    .map(|kind| kind.as_str().to_owned())
                    .collect(),
                labels: self.filter.labels,
            },
            send_resolved: self.send_resolved.unwrap_or(alertmanager),
            receiver,
            name,
        })
    }
}

impl PaceFile {
    fn checked(&self, name: &str) -> Result<Pace, ConfigError> {
        let within = |key, value: Option<u64>, (low, high): (u64, u64)| match value {
            Some(value) if !(low..=high).contains(&value) => Err(wrong(
                name,
                format!("has a {key} that must be from {low} to {high}"),
            )),
            value => Ok(value),
        };
        let per_minute = within("per_minute", self.per_minute, PER_MINUTE)?;
        let minutes = within("digest_minutes", self.digest_minutes, DIGEST)?.unwrap_or_default();
        Ok(Pace {
            per_minute: per_minute.and_then(|messages| u32::try_from(messages).ok()),
            digest: Duration::from_mins(minutes),
        })
    }
}

impl WebhookFile {
    fn checked(self, name: &str) -> Result<Receiver, ConfigError> {
        Ok(Receiver::Webhook {
            http: Http {
                address: address(name, self.url, self.url_file)?,
                ca_file: self.ca_file,
                token_file: self.token_file,
            },
            secret_file: self.secret_file,
        })
    }
}

impl SlackFile {
    fn checked(self, name: &str) -> Result<Receiver, ConfigError> {
        Ok(Receiver::Slack(Http {
            address: address(name, self.url, self.url_file)?,
            ca_file: self.ca_file,
            token_file: None,
        }))
    }
}

impl AlertmanagerFile {
    fn checked(self, name: &str) -> Result<Receiver, ConfigError> {
        Ok(Receiver::Alertmanager(Http {
            address: address(name, Some(self.url), None)?,
            ca_file: self.ca_file,
            token_file: self.token_file,
        }))
    }
}

impl EmailFile {
    fn checked(self, name: &str) -> Result<Receiver, ConfigError> {
        if self.user.is_some() != self.password_file.is_some() {
            return Err(wrong(
                name,
                "needs both user and password_file to log in, or neither",
            ));
        }
        if self.user.is_some() && self.tls == MailTls::None {
            return Err(wrong(
                name,
                "must not send a password without TLS; set tls to starttls or implicit",
            ));
        }
        if self.to.is_empty() {
            return Err(wrong(name, "needs somebody to write to"));
        }
        for mailbox in self.to.iter().chain([&self.from]) {
            if mailbox.parse::<lettre::message::Mailbox>().is_err() {
                let rule = "has a from or to that is no mail address; write name@example.com or Name <name@example.com>";
                return Err(wrong(name, rule));
            }
        }
        Ok(Receiver::Email(Box::new(Email {
            server: self.server,
            port: self.port,
            tls: self.tls,
            ca_file: self.ca_file,
            user: self.user,
            password_file: self.password_file,
            from: self.from,
            to: self.to,
        })))
    }
}

impl SyslogFile {
    fn checked(self, name: &str) -> Result<Receiver, ConfigError> {
        let tls = self.tls.unwrap_or(true);
        if !tls && (self.ca_file.is_some() || self.cert_file.is_some()) {
            return Err(wrong(
                name,
                "has certificates without TLS; leave out tls, or the files",
            ));
        }
        let identity = match (self.cert_file, self.key_file) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(wrong(name, "needs both cert_file and key_file, or neither")),
        };
        let facility = self.facility.unwrap_or(FACILITY);
        if facility > 23 {
            return Err(wrong(
                name,
                "has a facility that must be from 0 to 23, as 16 for local0",
            ));
        }
        Ok(Receiver::Syslog(Syslog {
            server: self.server,
            port: self.port.unwrap_or(if tls { SYSLOG_TLS } else { SYSLOG_TCP }),
            tls,
            ca_file: self.ca_file,
            identity,
            facility,
            enterprise: self.enterprise.unwrap_or(ENTERPRISE),
        }))
    }
}

fn address(name: &str, url: Option<String>, file: Option<PathBuf>) -> Result<Address, ConfigError> {
    match (url, file) {
        (Some(url), None) => match super::url("url", Some(url)) {
            Ok(Some(url)) => Ok(Address::Url(url)),
            _ => Err(wrong(name, "has a url that must begin with http:// or https://")),
        },
        (None, Some(file)) => Ok(Address::File(file)),
        _ => Err(wrong(name, "needs either url, or url_file: a file that holds it")),
    }
}
