use std::path::{Path, PathBuf};

use super::alertmanager::Alertmanager;
use super::cloudevents::CloudEvents;
use super::email::Mailer;
use super::http::Poster;
use super::plain::Plain;
use super::slack::Slack;
use super::syslog::Sender;
use super::{Message, Receiver};
use crate::store::Outcome;

/// Bytes of a file with a secret or certificates.
const FILE: u64 = 1 << 20;

/// A receiver with all that it takes to send to it.
#[derive(Clone, Debug)]
pub struct Target(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Plain(Plain),
    CloudEvents(CloudEvents),
    Slack(Slack),
    Mail(Mailer),
    Alertmanager(Alertmanager),
    Syslog(Sender),
}

/// Why a route cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; see that it is there and that this user may read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// The HTTP client cannot be made.
    #[error(
        "the HTTPS client cannot be made ({0}); see that this machine has CA certificates (Debian: ca-certificates)"
    )]
    Client(#[source] reqwest::Error),
    /// The mail server cannot be used.
    #[error("{0}; mend [routes.email]")]
    Mail(String),
    /// The syslog server cannot be used.
    #[error("the syslog server cannot be used: {0}; mend [routes.syslog]")]
    Syslog(String),
}

impl TargetError {
    pub(super) fn wrong(path: &Path, reason: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

impl Target {
    /// Gets ready to send to a receiver: reads its files.
    pub fn open(receiver: &Receiver) -> Result<Self, TargetError> {
        Ok(Self(match receiver {
            Receiver::Plain(url) => Kind::Plain(Plain(Poster::new(url.clone(), None)?)),
            Receiver::Webhook { http, secret_file } => {
                Kind::CloudEvents(CloudEvents::open(http, secret_file)?)
            }
            Receiver::Slack(http) => Kind::Slack(Slack::open(http)?),
            Receiver::Email(email) => Kind::Mail(Mailer::open(email)?),
            Receiver::Alertmanager(http) => Kind::Alertmanager(Alertmanager::open(http)?),
            Receiver::Syslog(syslog) => Kind::Syslog(Sender::open(syslog)?),
        }))
    }

    /// Makes one attempt.
    pub async fn send(&self, message: &Message) -> Outcome {
        match &self.0 {
            Kind::Plain(plain) => plain.send(message).await,
            Kind::CloudEvents(webhook) => webhook.send(message).await,
            Kind::Slack(slack) => slack.send(message).await,
            Kind::Mail(mailer) => mailer.send(message).await,
            Kind::Alertmanager(alertmanager) => alertmanager.send(message).await,
            Kind::Syslog(sender) => sender.send(message).await,
        }
    }

    /// Whether the receiver forgets what it is not told again and again.
    pub(super) fn forgets(&self) -> bool {
        matches!(self.0, Kind::Alertmanager(_))
    }
}

/// What a file holds.
pub(super) fn read(path: &Path) -> Result<String, TargetError> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE).read_to_string(&mut text))
        .map_err(|source| TargetError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(text)
}
