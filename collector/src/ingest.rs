//! `POST /v1/reports`: takes an agent's report, and acknowledges it once it is in the store.

mod body;
mod check;

use axum::extract::{Request, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use umbra_report::Acknowledgement;

use crate::app::App;
use crate::denied::Denied;
use crate::metrics::Answer;
use crate::refusal::Refusal;
use crate::server::Peer;

pub use body::Limits;
pub(crate) use body::wrong_version;
pub(crate) use check::agent as check_agent;
pub use check::check;

/// How long a report waits for its turn before the agent is told to come back.
const TURN: std::time::Duration = std::time::Duration::from_secs(10);

/// Handles `POST /v1/reports`.
pub(crate) async fn reports(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Result<Json<Acknowledgement>, Refusal> {
    let peer = peer.map(|Extension(peer)| peer);
    let result = take(&app, peer.as_ref(), request).await;
    match &result {
        Ok(_) => app.metrics.answered(Answer::Acknowledged),
        Err(refusal) if refusal.status().is_client_error() => {
            tracing::warn!("refused a report: {}", refusal.error());
            app.metrics.answered(Answer::Refused);
        }
        Err(_) => app.metrics.answered(Answer::Failed),
    }
    result.map(Json)
}

async fn take(app: &App, peer: Option<&Peer>, request: Request) -> Result<Acknowledgement, Refusal> {
    let received = Timestamp::now();
    // Before anything is read of whoever has no right to speak.
    let fingerprint = match peer {
        Some(peer) => Some(peer.fingerprint.as_deref().ok_or(Denied::CertificateMissing)?),
        None => None,
    };
    let busy = || Refusal::later("the collector has more reports than it can take", TURN);
    // Bodies of clients that are slow, or many, must not fill the memory.
    let _room = app
        .room
        .try_acquire_many(body::room(&request, app.limits))
        .map_err(|_| busy())?;
    let bytes = body::read(request, app.limits).await?;
    // Only so many reports are unpacked at the same time: each may be large.
    let _turn = tokio::time::timeout(TURN, app.turns.acquire())
        .await
        .map_err(|_| busy())?
        .map_err(|_| Refusal::later("the collector is shutting down", TURN))?;
    let mut report = body::parse(bytes, app.limits).await?;
    let corrected = check(&mut report, received)?;
    if corrected > 0 {
        tracing::warn!(host = %report.agent.host, corrected, "times far from this clock were set to now");
        app.metrics.times_corrected(corrected);
    }
    match fingerprint {
        Some(shown) => {
            let admitted = app
                .store
                .admit(shown, &report.agent, app.takeover, received)
                .await?;
            admitted?;
        }
        None if app.store.is_enrolled(report.agent.id).await? => {
            return Err(Denied::Unproven(report.agent.id).into());
        }
        None => {}
    }
    let applied = app.store.apply(&report, received, app.alerts.is_some()).await?;
    app.metrics.applied(&applied);
    tracing::debug!(
        host = %report.agent.host,
        records = applied.records,
        repeated = applied.repeated,
        findings = applied.findings,
        "stored a report"
    );
    if applied.findings > 0
        && let Some(alerts) = &app.alerts
    {
        alerts.notify_one();
    }
    Ok(Acknowledgement {
        sequence: applied.sequence,
    })
}

#[cfg(test)]
mod tests;
