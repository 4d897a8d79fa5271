//! A fleet's agents, enrolled and connected.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use rustls::ClientConfig;
use tokio::task::JoinSet;
use umbra_report::Acknowledgement;

use crate::authority::Authority;
use crate::bodies::Body;
use crate::connection::Connection;
use crate::enrolment::Applicant;

/// How many enrol or connect at the same time.
const AT_ONCE: usize = 16;

/// An agent that may report.
pub(crate) struct Agent {
    /// Its place in the fleet.
    pub(crate) number: usize,
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    connection: Connection,
}

impl Agent {
    /// Lets go of the connection, and makes another one.
    pub(crate) async fn reconnect(&mut self) -> Result<()> {
        self.connection = Connection::open(self.address, Arc::clone(&self.tls)).await?;
        Ok(())
    }

    /// Sends a report; it must be taken, whole.
    pub(crate) async fn report(&mut self, body: &Body) -> Result<()> {
        let answer = self
            .connection
            .post("/v1/reports", body.packed.clone(), true)
            .await;
        let answer = answer
            .and_then(crate::connection::Answer::success)
            .with_context(|| format!("a report of host {}", self.number))?;
        let said: Acknowledgement = serde_json::from_slice(&answer)?;
        ensure!(
            said.sequence == body.last,
            "host {} sent records up to {}, and {} is acknowledged",
            self.number,
            body.last,
            said.sequence
        );
        Ok(())
    }
}

/// Enrols all of them and connects them; gives them in their order.
pub(crate) async fn enrol(
    applicants: &[Arc<Applicant>],
    address: SocketAddr,
    token: &str,
    authority: &Arc<Authority>,
) -> Result<Vec<Agent>> {
    let waiting: VecDeque<_> = applicants.iter().cloned().enumerate().collect();
    let waiting = Arc::new(Mutex::new(waiting));
    let mut desks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (waiting, token, authority) = (Arc::clone(&waiting), token.to_owned(), Arc::clone(authority));
        desks.spawn(async move {
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let mut enrolled = Vec::new();
            while let Some((number, applicant)) = next() {
                let tls: Arc<ClientConfig> = applicant.enrol(address, &token, &authority).await?;
                let connection = Connection::open(address, Arc::clone(&tls)).await?;
                enrolled.push(Agent {
                    number,
                    address,
                    tls,
                    connection,
                });
            }
            anyhow::Ok(enrolled)
        });
    }
    let mut agents = Vec::with_capacity(applicants.len());
    while let Some(enrolled) = desks.join_next().await {
        agents.append(&mut enrolled??);
    }
    agents.sort_by_key(|agent| agent.number);
    Ok(agents)
}
