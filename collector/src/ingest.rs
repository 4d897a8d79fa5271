//! `POST /v1/reports`: takes an agent's report, and acknowledges it once it is in the store.

mod body;
mod check;
mod limits;
mod queue;

use axum::extract::{Request, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use umbra_fail_point::fail_point;
use umbra_report::{Acknowledgement, Problem, Report};

use crate::app::App;
use crate::denied::Denied;
use crate::metrics::Answer;
use crate::paced;
use crate::refusal::Refusal;
use crate::server::Peer;
use crate::store::{Arrival, Shown};

pub(crate) use body::wrong_version;
pub(crate) use check::agent as check_agent;
pub use check::check;
pub(crate) use check::used as check_use;
pub use limits::Limits;
pub(crate) use queue::Queue;

/// Takes a report, and acknowledges it once it is in the store
///
/// May be packed with zstd (`Content-Encoding: zstd`). A repeat changes nothing and is acknowledged as the first was.
/// Agents of other hosts show their certificate; over loopback an agent that has never enrolled needs none.
#[utoipa::path(
    post,
    path = "/v1/reports",
    tag = "agents",
    request_body = Report,
    responses(
        (status = 200, description = "Every record up to the number is in the store", body = Acknowledgement),
        (status = 400, description = "The report is not one, of another version, or says what cannot be", body = Problem),
        (status = 401, description = "The certificate is not good: `certificate_missing`, `certificate_unknown`, `certificate_expired`", body = Problem),
        (status = 403, description = "The agent was shut out, names another or shows no certificate: `agent_revoked`, `agent_retired`, `wrong_agent`, `certificate_missing`", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "Two hosts use one identity: `possible_clone`", body = Problem),
        (status = 413, description = "The report is too long, packed or unpacked", body = Problem),
        (status = 415, description = "The body is not said to be JSON, or packed otherwise than with zstd", body = Problem),
        (status = 429, description = "The agent has reports on their way already", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "Nothing is wrong with the report: come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
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
            paced::warn("refused a report", refusal.reason(), refusal.error());
            app.metrics.answered(Answer::Refused(refusal.reason()));
        }
        Err(refusal) => app.metrics.answered(Answer::Failed(refusal.reason())),
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
    let _place = fingerprint.map(|shown| app.queue.place(shown)).transpose()?;
    // Bodies of clients that are slow, or many, must not fill the memory.
    let _room = app.queue.room_for(&request, app.limits.compressed)?;
    let bytes = body::read(request, app.limits).await?;
    fail_point("body_read");
    let turn = app.queue.turn().await?;
    let (mut report, unpacked) = body::parse(bytes, app.limits).await?;
    let _waits = app.queue.wait(unpacked).await?;
    drop(turn);
    let corrected = check(&mut report, received)?;
    if corrected > 0 {
        let whose = format!("{corrected} in a report of {}", report.agent.host);
        paced::warn("times far from this clock were set to now", "clock", &whose);
        app.metrics.times_corrected(corrected);
    }
    if fingerprint.is_none() && app.store.is_enrolled(report.agent.id).await? {
        return Err(Denied::Unproven(report.agent.id).into());
    }
    let agent = report.agent.id;
    let arrival = Arrival {
        report,
        received,
        shown: fingerprint.map(|fingerprint| Shown {
            fingerprint: fingerprint.to_owned(),
            takeover: app.takeover,
        }),
        learning: app.learning,
    };
    let applied = app.store.apply(arrival).await?;
    fail_point("report_committed");
    app.metrics.applied(&applied);
    app.live.came();
    tracing::debug!(
        %agent,
        records = applied.records,
        repeated = applied.repeated,
        findings = applied.findings,
        "stored a report"
    );
    if applied.findings > 0
        && let Some(alerts) = &app.alerts
    {
        alerts.notify_waiters();
    }
    Ok(Acknowledgement {
        sequence: applied.sequence,
    })
}

#[cfg(test)]
mod tests;
