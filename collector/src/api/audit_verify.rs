//! `GET /v1/audit/verify`

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use umbra_report::Problem;
use utoipa::ToSchema;

use crate::app::App;
use crate::refusal::Refusal;
use crate::verifier::Verified;

/// Whether the audit log is as it was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditVerified {
    /// Whether no entry was changed, removed or moved.
    intact: bool,
    /// How many there were; null unless all are as they were written.
    entries: Option<u64>,
    /// Number and hash of the last one, as `audit head` prints them: to be noted elsewhere. Null likewise.
    #[schema(example = "12:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    head: Option<String>,
    /// What is wrong: a sentence.
    fault: Option<String>,
    /// When: later entries were not looked at.
    verified: Timestamp,
}

impl From<&Verified> for AuditVerified {
    fn from(verified: &Verified) -> Self {
        let head = verified.result.as_ref().ok();
        Self {
            intact: head.is_some(),
            entries: head.map(|head| head.number),
            head: head.map(ToString::to_string),
            fault: verified.result.as_ref().err().map(ToString::to_string),
            verified: verified.time,
        }
    }
}

/// Whether nobody has changed, removed or moved an entry of the audit log
///
/// The whole log is gone through, at most once a minute, and for a tenth of the time at most: until then the answer is what was
/// found last, with its time. Who can write the database can write the whole log anew: compare `head` with one that was noted.
#[utoipa::path(
    get,
    path = "/v1/audit/verify",
    tag = "policy",
    security(("token" = ["audit:read"])),
    responses(
        (status = 200, description = "What was found, also when an entry was changed", body = AuditVerified),
        (status = 429, description = "It is being gone through for the first time; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn verify_audit(State(app): State<App>) -> Result<Json<AuditVerified>, Refusal> {
    match app.verifier.get().await? {
        Some(verified) => Ok(Json(AuditVerified::from(&*verified))),
        None => Err(Refusal::too_many(
            "the audit log is being gone through; come back",
            Duration::from_secs(10),
        )),
    }
}
