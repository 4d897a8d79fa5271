//! Agents enrol as real ones do: each with a key of its own, for a token, paced as the collector asks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::StatusCode;
use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use umbra_report::{Agent, Enrol, Enrolled, VERSION};

use crate::authority::Authority;
use crate::connection::Connection;

/// An agent with its key.
pub(crate) struct Applicant {
    agent: Agent,
    key: KeyPair,
    csr: String,
}

impl Applicant {
    pub(crate) fn new(agent: Agent) -> Result<Self> {
        let key = KeyPair::generate()?;
        let csr = CertificateParams::default().serialize_request(&key)?.pem()?;
        Ok(Self { agent, key, csr })
    }

    /// Gets a certificate; gives the TLS that shows it.
    pub(crate) async fn enrol(
        &self,
        address: SocketAddr,
        token: &str,
        authority: &Authority,
    ) -> Result<Arc<ClientConfig>> {
        let request = Enrol {
            version: VERSION,
            token: token.to_owned(),
            agent: self.agent.clone(),
            csr: self.csr.clone(),
        };
        let body = Bytes::from(serde_json::to_vec(&request)?);
        let mut connection = Connection::open(address, authority.unknown()).await?;
        loop {
            let answer = connection.post("/v1/enrol", body.clone(), false).await?;
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                let wait = answer.retry_after().unwrap_or(Duration::from_secs(1));
                tokio::time::sleep(wait).await;
                continue;
            }
            let answer = answer.success().context("an agent cannot enrol")?;
            let enrolled: Enrolled = serde_json::from_slice(&answer)?;
            ensure!(
                enrolled.agent_id == self.agent.id,
                "the certificate is another agent's"
            );
            return authority.enrolled(&enrolled.certificate, &self.key);
        }
    }
}
