//! Lets the agent in at its collector: a key of its own, a certificate for it, and the next one in time.
//!
//! A token is needed for the first certificate, and again when the collector no longer takes the last one. Without a
//! token and a certificate the agent reports as nobody in particular, which a collector takes from its own host alone.

mod kept;
mod pinned;
mod request;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};
use umbra_report::{Agent, BadToken, Code, Enrol, Enrolled, Renew, Token, VERSION};
use uuid::Uuid;

use crate::config::{self, CollectorUrl, Config};
use crate::identity;
use crate::report::{Client, ClientError, Stats};
pub(crate) use kept::{Certificate, Kept};
use request::{Given, Trouble, ask};

/// A certificate is renewed when between this part of its life and 0.7 are over, so that a fleet does not come at once.
const RENEW_FROM: f64 = 0.63;
const RENEW_SPREAD: f64 = 0.07;
/// How far this host's clock may be from the collector's before it is said.
const CLOCK: SignedDuration = SignedDuration::from_mins(5);
/// A renewal that failed is tried again after a tenth of the time that is left, and at most so long.
const RENEW_AGAIN: Duration = Duration::from_hours(1);

/// Enrolment cannot work.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The key cannot be read.
    #[error("cannot read the agent's key in {}: {source}; see that the agent may read its folder", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The configured token is none.
    #[error("`[enrolment] token`: {0}")]
    Token(#[from] BadToken),
}

/// What has changed of how the agent reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Nothing,
    /// There is a new certificate.
    Certificate,
    /// The agent is another one from now on.
    Identity,
}

/// What the collector no longer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Certificate,
    Identity,
}

/// The agent's key and certificate, and how it gets them.
pub(crate) struct Enrolment {
    folder: PathBuf,
    report: config::Report,
    source: config::Enrolment,
    kept: Option<Kept>,
    /// A key that asked under a new id, and may have to ask again.
    asking: Option<Kept>,
    lost: Option<Lost>,
    /// When to renew at the latest, whatever the clock says meanwhile.
    renew: Option<Instant>,
    said_clock: bool,
    stats: Arc<Stats>,
}

impl Enrolment {
    pub(crate) fn open(config: &Config, agent: &Agent, stats: Arc<Stats>) -> Result<Self, EnrolmentError> {
        if let Some(token) = &config.enrolment.token {
            token.parse::<Token>()?;
        }
        let folder = config.spool.directory();
        let kept = Kept::load(&folder, agent.id).map_err(|source| EnrolmentError::Unreadable {
            folder: folder.clone(),
            source,
        })?;
        let mut enrolment = Self {
            folder,
            report: config.report.clone(),
            source: config.enrolment.clone(),
            kept,
            asking: None,
            lost: None,
            renew: None,
            said_clock: false,
            stats,
        };
        enrolment.plan();
        Ok(enrolment)
    }

    /// What to show and whom to trust, once there is a certificate.
    pub(crate) fn certificate(&self) -> Option<(&Kept, &Certificate)> {
        let kept = self.kept.as_ref()?;
        Some((kept, kept.certificate.as_ref()?))
    }

    /// When there is something to do again.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.renew
    }

    /// The collector refused to hear the agent. A token may help.
    pub(crate) fn denied(&mut self, code: Code) {
        self.lost = match code {
            Code::CertificateExpired
            | Code::CertificateUnknown
            | Code::CertificateMissing
            | Code::AgentRetired => Some(Lost::Certificate),
            Code::PossibleClone | Code::AgentKnown | Code::WrongAgent => Some(Lost::Identity),
            Code::AgentRevoked
            | Code::TokenUnknown
            | Code::TokenExpired
            | Code::TokenUsedUp
            | Code::TokenRevoked
            | Code::Other => self.lost,
        };
    }

    /// Gets a certificate, or the next one, if it is time; `agent` takes a new id if it must.
    pub(crate) async fn refresh(
        &mut self,
        collector: &CollectorUrl,
        agent: &mut Agent,
    ) -> Result<Changed, Trouble> {
        let has_token = self.source.token.is_some() || self.source.token_file.is_some();
        let has_certificate = self.certificate().is_some();
        if has_token && (self.lost.is_some() || !has_certificate) {
            return self.enrol(collector, agent).await;
        }
        // Without a token all that is left is to ask again.
        self.lost = None;
        let by_clock = self
            .certificate()
            .is_some_and(|(_, own)| own.renew <= Timestamp::now());
        let by_time = self.renew.is_some_and(|at| at <= Instant::now());
        if has_certificate && (by_clock || by_time) {
            return Ok(self.renew(collector, agent).await);
        }
        Ok(Changed::Nothing)
    }

    async fn enrol(&mut self, collector: &CollectorUrl, agent: &mut Agent) -> Result<Changed, Trouble> {
        if collector.is_plain() {
            return Err(Trouble::here(
                "a token is of use over HTTPS alone: give the collector's https:// address for agents",
            ));
        }
        let token = self.token()?;
        let is_new = self.lost == Some(Lost::Identity);
        let mut kept = self.key(agent, is_new)?;
        let request = Enrol {
            version: VERSION,
            token: token.to_string(),
            agent: Agent {
                id: kept.agent,
                ..agent.clone()
            },
            csr: kept.request().map_err(Trouble::key)?,
        };
        let client = Client::pinned(
            &self.report,
            pinned::config(&token.authority).map_err(Trouble::tls)?,
        )
        .map_err(|error| Trouble::here(error.to_string()))?;
        let given = ask(&client, collector.at("enrol"), &request, &self.stats).await;
        let given = match given {
            Ok(given) if given.enrolled.agent_id == kept.agent => given,
            Ok(_) => return Err(Trouble::here("it gives a certificate for another agent")),
            Err(trouble) => {
                if let Some(code) = trouble.code {
                    self.denied(code);
                }
                if is_new {
                    self.asking = Some(kept);
                }
                return Err(trouble);
            }
        };
        kept.certificate = Some(self.certificate_of(&given));
        let unwritten = |error: &dyn std::fmt::Display| Trouble::here(format!("{error}"));
        if is_new {
            identity::replace(&self.folder, kept.agent, agent.machine_id.clone())
                .map_err(|error| unwritten(&error))?;
            warn!(
                "another host has the identity {}: this one is {} from now on",
                agent.id, kept.agent
            );
        }
        self.save(&kept)?;
        agent.id = kept.agent;
        info!("enrolled at the collector {collector} as {}", agent.id);
        self.kept = Some(kept);
        self.lost = None;
        self.plan();
        Ok(if is_new {
            Changed::Identity
        } else {
            Changed::Certificate
        })
    }

    /// A renewal that fails is tried again; meanwhile the certificate is good.
    async fn renew(&mut self, collector: &CollectorUrl, agent: &Agent) -> Changed {
        let renewed = self.ask_again(collector, agent).await;
        match renewed {
            Ok(kept) => {
                self.kept = Some(kept);
                self.plan();
                Changed::Certificate
            }
            Err(trouble) => {
                warn!("cannot renew the certificate: {}", trouble.reason);
                if let Some(code) = trouble.code {
                    self.denied(code);
                }
                self.postpone(trouble.retry_after);
                Changed::Nothing
            }
        }
    }

    async fn ask_again(&mut self, collector: &CollectorUrl, agent: &Agent) -> Result<Kept, Trouble> {
        let (kept, own) = self
            .certificate()
            .ok_or_else(|| Trouble::here("there is no certificate"))?;
        let mut kept = kept.clone();
        let client = Client::new(&self.report, Some((&kept, own)))
            .map_err(|error| Trouble::here(error.to_string()))?;
        let request = Renew {
            version: VERSION,
            agent: agent.clone(),
            csr: kept.request().map_err(Trouble::key)?,
        };
        let given = ask(&client, collector.at("renew"), &request, &self.stats).await?;
        kept.certificate = Some(self.certificate_of(&given));
        self.save(&kept)?;
        Ok(kept)
    }

    /// The key to ask with: a new one for a new id, else the one that is there. It is kept before it is used, so that
    /// an answer that is lost costs no second use of the token.
    fn key(&mut self, agent: &Agent, is_new: bool) -> Result<Kept, Trouble> {
        if is_new {
            return match self.asking.take() {
                Some(kept) => Ok(kept),
                None => Kept::new(Uuid::new_v4()).map_err(Trouble::key),
            };
        }
        if let Some(kept) = &self.kept {
            return Ok(kept.clone());
        }
        let kept = Kept::new(agent.id).map_err(Trouble::key)?;
        self.save(&kept)?;
        self.kept = Some(kept.clone());
        Ok(kept)
    }

    fn certificate_of(&mut self, given: &Given) -> Certificate {
        let Given { enrolled, date } = given;
        let now = Timestamp::now();
        // By the collector's clock where it tells: this host's may be wrong.
        let there = date.unwrap_or(now);
        let skew = now.duration_since(there);
        if skew.abs() > CLOCK && !std::mem::replace(&mut self.said_clock, true) {
            warn!(
                "this host's clock is {} s {} the collector's: set it (timedatectl set-ntp true), or what is seen \
                 here is told for wrong times",
                skew.abs().as_secs(),
                if skew.is_negative() { "behind" } else { "ahead of" }
            );
        }
        let life = enrolled.not_after.duration_since(there).max(SignedDuration::ZERO);
        let part = RENEW_FROM + RENEW_SPREAD * fastrand::f64();
        let Enrolled {
            certificate,
            authority,
            configuration_key,
            not_after,
            ..
        } = enrolled.clone();
        Certificate {
            chain: certificate,
            authority,
            configuration_key,
            not_after,
            renew: now.checked_add(life.mul_f64(part)).unwrap_or(now),
        }
    }

    fn token(&self) -> Result<Token, Trouble> {
        let text = match (&self.source.token, &self.source.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(path)) => read(path)?,
            (None, None) => return Err(Trouble::here("there is no token")),
        };
        text.parse()
            .map_err(|error: BadToken| Trouble::here(format!("it needs a token, and {error}")))
    }

    fn save(&self, kept: &Kept) -> Result<(), Trouble> {
        kept.save(&self.folder).map_err(|error| {
            Trouble::here(format!(
                "the agent's key cannot be kept in {}: {error}; make room, or let the agent write there",
                self.folder.display()
            ))
        })
    }

    /// Plans the renewal of the certificate that there is, and tells the metrics.
    fn plan(&mut self) {
        let Some((_, own)) = self.certificate() else {
            return;
        };
        let left = own.renew.duration_since(Timestamp::now());
        let (left, until) = (Duration::try_from(left).unwrap_or_default(), own.not_after);
        self.renew = Instant::now().checked_add(left);
        self.stats.certificate_until(until);
    }

    fn postpone(&mut self, asked: Option<Duration>) {
        let Some((_, own)) = self.certificate() else {
            return;
        };
        let left = own.not_after.duration_since(Timestamp::now());
        let pause =
            (Duration::try_from(left).unwrap_or_default() / 10).clamp(Duration::from_secs(1), RENEW_AGAIN);
        let pause = asked.unwrap_or(pause);
        let later = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
        if let Some(own) = self.kept.as_mut().and_then(|kept| kept.certificate.as_mut()) {
            own.renew = later;
        }
        self.plan();
    }
}

fn read(path: &Path) -> Result<String, Trouble> {
    fs::read_to_string(path).map_err(|error| {
        Trouble::here(format!(
            "the token in {} cannot be read: {error}; correct `[enrolment] token_file`",
            path.display()
        ))
    })
}

/// The client for what the agent has: its certificate, or nothing.
pub(crate) fn client(config: &config::Report, enrolment: &Enrolment) -> Result<Client, ClientError> {
    Client::new(config, enrolment.certificate())
}

#[cfg(test)]
mod tests;
