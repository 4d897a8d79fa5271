//! `POST /v1/enrol` and `POST /v1/renew`: gives agents their certificates.

mod pace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use umbra_report::{Agent, Enrol, Enrolled, Renew, Token, VERSION, limits};

use crate::authority::{Authority, Issued};
use crate::denied::Denied;
use crate::refusal::Refusal;
use crate::server::Peer;
use crate::store::Store;
pub(crate) use pace::Pace;

/// What requests of agents for certificates need.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) store: Arc<Store>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) metrics: Arc<crate::metrics::Metrics>,
    pub(crate) pace: Arc<Pace>,
    /// How long a certificate is good.
    pub(crate) life: Duration,
}

/// Handles `POST /v1/enrol`, with or without a certificate.
pub(crate) async fn enrol(State(desk): State<Desk>, body: Bytes) -> Result<Json<Enrolled>, Refusal> {
    let result = desk.enrol(&body).await;
    desk.say("enrol", &result);
    result.map(Json)
}

/// Handles `POST /v1/renew`, with a certificate.
pub(crate) async fn renew(
    State(desk): State<Desk>,
    Extension(peer): Extension<Peer>,
    body: Bytes,
) -> Result<Json<Enrolled>, Refusal> {
    let result = desk.renew(&peer, &body).await;
    desk.say("renew", &result);
    result.map(Json)
}

impl Desk {
    async fn enrol(&self, body: &[u8]) -> Result<Enrolled, Refusal> {
        self.pace.turn(Instant::now()).map_err(|wait| {
            Refusal::too_many(
                "more agents enrol at once than the collector takes; come back",
                wait,
            )
        })?;
        let request: Enrol = parse(body)?;
        let token: Token = request.token.parse().map_err(|_| Denied::TokenUnknown)?;
        let mut agent = request.agent;
        check(request.version, &mut agent)?;
        let now = Timestamp::now();
        let issued = self.issue(&agent, &request.csr, now)?;
        self.store.enrol(&token, &agent, &issued, now).await??;
        tracing::info!(agent = %agent.id, host = %agent.host, token = token.id, "enrolled an agent");
        Ok(self.answer(&agent, issued))
    }

    async fn renew(&self, peer: &Peer, body: &[u8]) -> Result<Enrolled, Refusal> {
        let fingerprint = peer.fingerprint.as_deref().ok_or(Denied::CertificateMissing)?;
        let request: Renew = parse(body)?;
        let mut agent = request.agent;
        check(request.version, &mut agent)?;
        let now = Timestamp::now();
        self.store.identify(fingerprint, agent.id, now).await??;
        let issued = self.issue(&agent, &request.csr, now)?;
        self.store.renew(&agent, &issued, now).await??;
        Ok(self.answer(&agent, issued))
    }

    fn issue(&self, agent: &Agent, csr: &str, now: Timestamp) -> Result<Issued, Refusal> {
        self.authority
            .issue(agent.id, csr, self.life, now)
            .map_err(|error| {
                Refusal::bad(format!(
                    "csr is no certificate request that can be signed: {error}"
                ))
            })
    }

    fn answer(&self, agent: &Agent, issued: Issued) -> Enrolled {
        Enrolled {
            agent_id: agent.id,
            certificate: issued.certificate,
            authority: self.authority.pem().to_owned(),
            not_before: issued.not_before,
            not_after: issued.not_after,
        }
    }

    fn say(&self, what: &'static str, result: &Result<Enrolled, Refusal>) {
        match result {
            Ok(_) => self.metrics.certificate(what, "issued"),
            Err(refusal) => {
                if refusal.status().is_client_error() && refusal.status() != StatusCode::TOO_MANY_REQUESTS {
                    tracing::warn!("refused to {what} an agent: {}", refusal.error());
                }
                let answer = refusal.code().map_or_else(
                    || match refusal.status() {
                        StatusCode::TOO_MANY_REQUESTS => "paced",
                        status if status.is_client_error() => "malformed",
                        _ => "failed",
                    },
                    umbra_report::Code::name,
                );
                self.metrics.certificate(what, answer);
            }
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad(format!("this is no request for a certificate: {error}")))
}

fn check(version: u16, agent: &mut Agent) -> Result<(), Refusal> {
    if version != VERSION {
        return Err(crate::ingest::wrong_version(version));
    }
    crate::ingest::check_agent(agent)
}

/// The most bytes of a request.
pub(crate) const LIMIT: usize = limits::ENROLMENT;
