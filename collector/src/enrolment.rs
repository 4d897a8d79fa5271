//! `POST /v1/enrol` and `POST /v1/renew`: gives agents their certificates.

mod pace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use umbra_report::{Agent, Enrol, Enrolled, Problem, Renew, Token, VERSION, limits};

use crate::authority::{Authority, Issued};
use crate::configuration::Signer;
use crate::denied::Denied;
use crate::paced;
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
    /// Signs what agents are to run with.
    pub(crate) signer: Arc<Signer>,
    /// How long a request's body may take.
    pub(crate) body: Duration,
}

/// Gives an agent its first certificate, for a token
///
/// The connection needs no certificate. The agent knows its collector by the token, which holds the authority's
/// fingerprint.
#[utoipa::path(
    post,
    path = "/v1/enrol",
    tag = "agents",
    request_body = Enrol,
    security(()),
    responses(
        (status = 200, description = "The certificate", body = Enrolled),
        (status = 400, description = "The request is not one", body = Problem),
        (status = 401, description = "The token is not good: `token_unknown`, `token_expired`, `token_used_up`, `token_revoked`", body = Problem),
        (status = 403, description = "The agent was shut out: `agent_revoked`", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "The id has another key: `agent_known`", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 429, description = "Too many enrol at once; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store cannot take it now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn enrol(State(desk): State<Desk>, request: Request) -> Result<Json<Enrolled>, Refusal> {
    let result = desk.enrol(request).await;
    desk.say("enrol", "refused to enrol an agent", &result);
    result.map(Json)
}

/// Gives an agent its next certificate, for the one that it shows
#[utoipa::path(
    post,
    path = "/v1/renew",
    tag = "agents",
    request_body = Renew,
    responses(
        (status = 200, description = "The certificate", body = Enrolled),
        (status = 400, description = "The request is not one", body = Problem),
        (status = 401, description = "The certificate is not good: `certificate_missing`, `certificate_unknown`, `certificate_expired`", body = Problem),
        (status = 403, description = "The agent was shut out, or names another: `agent_revoked`, `agent_retired`, `wrong_agent`", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "The request is for another key: `agent_known`", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store cannot take it now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn renew(
    State(desk): State<Desk>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Json<Enrolled>, Refusal> {
    let result = desk.renew(&peer, request).await;
    desk.say("renew", "refused to renew an agent", &result);
    result.map(Json)
}

impl Desk {
    async fn enrol(&self, request: Request) -> Result<Enrolled, Refusal> {
        self.pace.turn(Instant::now()).map_err(|wait| {
            Refusal::too_many(
                "more agents enrol at once than the collector takes; come back",
                wait,
            )
        })?;
        let request: Enrol = self.parse(request).await?;
        let token: Token = request.token.parse().map_err(|_| Denied::TokenUnknown)?;
        let mut agent = request.agent;
        check(request.version, &mut agent)?;
        let now = Timestamp::now();
        let issued = self.issue(&agent, &request.csr, now)?;
        self.store.enrol(&token, &agent, &issued, now).await??;
        tracing::info!(agent = %agent.id, host = %agent.host, token = token.id, "enrolled an agent");
        Ok(self.answer(&agent, issued))
    }

    async fn renew(&self, peer: &Peer, request: Request) -> Result<Enrolled, Refusal> {
        let fingerprint = peer.fingerprint.as_deref().ok_or(Denied::CertificateMissing)?;
        let request: Renew = self.parse(request).await?;
        let mut agent = request.agent;
        check(request.version, &mut agent)?;
        let now = Timestamp::now();
        self.store.identify(fingerprint, agent.id, now).await??;
        let issued = self.issue(&agent, &request.csr, now)?;
        self.store.renew(&agent, &issued, now).await??;
        Ok(self.answer(&agent, issued))
    }

    async fn parse<T: DeserializeOwned>(&self, request: Request) -> Result<T, Refusal> {
        let what = "a request for a certificate";
        let body = crate::body::json(request, what, limits::ENROLMENT, self.body).await?;
        serde_json::from_slice(&body).map_err(|error| Refusal::bad(format!("this is not {what}: {error}")))
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
            configuration_key: Some(self.signer.public()),
            not_before: issued.not_before,
            not_after: issued.not_after,
        }
    }

    fn say(&self, what: &'static str, refused: &'static str, result: &Result<Enrolled, Refusal>) {
        match result {
            Ok(_) => self.metrics.certificate(what, "issued"),
            Err(refusal) => {
                if refusal.status().is_client_error() && refusal.status() != StatusCode::TOO_MANY_REQUESTS {
                    paced::warn(refused, refusal.reason(), refusal.error());
                }
                self.metrics.certificate(what, refusal.reason());
            }
        }
    }
}

fn check(version: u16, agent: &mut Agent) -> Result<(), Refusal> {
    if version != VERSION {
        return Err(crate::ingest::wrong_version(version));
    }
    crate::ingest::check_agent(agent)
}
