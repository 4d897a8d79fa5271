//! `GET /v1/audit`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::{IntoParams, ToSchema};

use super::{MOST_ROWS, ROWS, before};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Entry;

/// `?before=…&limit=…`
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only entries before this one: the `next` of an earlier answer.
    #[param(minimum = 0)]
    before: Option<i64>,
    /// Rows, 100 unless it says.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// A part of the audit log. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Audit {
    /// The newest first.
    entries: Vec<AuditEntry>,
    /// What to give as `before` to go on; null at the end.
    next: Option<u64>,
}

/// Who decided what.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    /// From 1, without a hole.
    number: u64,
    time: Timestamp,
    actor: String,
    /// `policy_applied`, `token_created` and so on.
    action: String,
    /// The version, token, agent or revision that it is about.
    subject: String,
    /// More about it: JSON, as text, because the hash is of this text.
    detail: String,
    /// SHA-256 of the entry and the hash before it, hexadecimal digits.
    hash: String,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.number,
            time: entry.time,
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            hash: entry.hash,
        }
    }
}

/// A part of the audit log: who decided what
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "policy",
    security(("token" = ["audit:read"])),
    params(Part),
    responses(
        (status = 200, description = "The entries", body = Audit),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn audit(
    State(app): State<App>,
    part: Result<QueryOf<Part>, QueryRejection>,
) -> Result<Json<Audit>, Refusal> {
    let QueryOf(part) = part.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = part.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    let before = before(part.before)?;
    let entries = app.store.audit(before, limit).await?;
    let is_full = entries.len() == usize::from(limit);
    Ok(Json(Audit {
        next: entries.last().filter(|_| is_full).map(|last| last.number),
        entries: entries
            .into_iter()
            .map(|entry| app.store.people().entry(entry).into())
            .collect(),
    }))
}
