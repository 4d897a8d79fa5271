//! `GET /v1/config`: what an agent is to run with, signed.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use umbra_report::{Configuration, Problem, SIGNED_CONTEXT, Signed, VERSION};

use crate::denied::Denied;
use crate::enrolment::Desk;
use crate::refusal::Refusal;
use crate::server::Peer;
use crate::store::{Assigned, Store, StoreError};

/// The key that signs configurations.
pub(crate) struct Signer {
    key: Ed25519KeyPair,
}

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The store that has it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The one in the database is none.
    #[error(
        "the key that signs agents' configurations is damaged: restore the table `configuration_key` from a backup, or \
         empty it for a new key, which agents take with their next certificates"
    )]
    Damaged,
    /// The system gives no random bytes.
    #[error("cannot make a key to sign agents' configurations: the system gives no random bytes")]
    Random,
}

impl Signer {
    /// The one that collectors share through their store, which is made when none is there.
    pub(crate) async fn of(store: &Store) -> Result<Self, SignerError> {
        let mut kept = store.configuration_key().await?;
        if kept.is_none() {
            let new =
                Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| SignerError::Random)?;
            let new = hex(new.as_ref());
            store.offer_configuration_key(&new, Timestamp::now()).await?;
            // Another collector may have been first.
            kept = store.configuration_key().await?;
        }
        let key = kept.as_deref().and_then(unhex).ok_or(SignerError::Damaged)?;
        let key = Ed25519KeyPair::from_pkcs8(&key).map_err(|_| SignerError::Damaged)?;
        Ok(Self { key })
    }

    /// The public half, 64 hexadecimal digits.
    pub(crate) fn public(&self) -> String {
        hex(self.key.public_key().as_ref())
    }

    fn sign(&self, configuration: &Configuration) -> serde_json::Result<Signed> {
        let configuration = serde_json::to_string(configuration)?;
        let signed = [SIGNED_CONTEXT, configuration.as_bytes()].concat();
        Ok(Signed {
            signature: hex(self.key.sign(&signed).as_ref()),
            configuration,
        })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Signer").field(&self.public()).finish()
    }
}

/// What the agent is to run with, over its own file
///
/// The entity tag changes when the configuration does. 204 when there is none for this agent.
#[utoipa::path(
    get,
    path = "/v1/config",
    tag = "agents",
    responses(
        (status = 200, description = "The configuration, signed", body = Signed, headers(("ETag" = String, description = "For `If-None-Match`"))),
        (status = 204, description = "There is none for this agent: it runs with its own file alone"),
        (status = 304, description = "It is the one that `If-None-Match` names"),
        (status = 401, description = "The certificate is not good: `certificate_missing`, `certificate_unknown`, `certificate_expired`", body = Problem),
        (status = 403, description = "The agent was shut out: `agent_revoked`, `agent_retired`", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn config(
    State(desk): State<Desk>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let fingerprint = peer.fingerprint.as_deref().ok_or(Denied::CertificateMissing)?;
    let Some(Assigned { serial, revision }) = desk.store.assigned(fingerprint, Timestamp::now()).await??
    else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let tag = format!("\"{serial}\"");
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let configuration = Configuration {
        version: VERSION,
        serial,
        revision: revision.id,
        published: revision.published,
        settings: revision.settings,
        catalogue: revision.catalogue,
    };
    let signed = desk.signer.sign(&configuration).map_err(|error| {
        tracing::error!("a configuration cannot be written: {error}");
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the collector failed; see its log",
        )
    })?;
    Ok(([(header::ETAG, tag)], Json(signed)).into_response())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
