//! `POST /v1/people/erase`

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::body;
use super::reason::must_say;
use crate::access::Principal;
use crate::app::App;
use crate::erasure::{BUSY, Erasure};
use crate::refusal::Refusal;
use crate::store::Erased;

/// So long an answer waits for the end: a proxy before the collector may give up after a minute.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Whose name is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseWanted {
    /// The user's name, on whichever host.
    #[schema(min_length = 1, max_length = 256, pattern = r"^[^\s/]+$")]
    pub(crate) name: String,
    /// Why, such as a ticket: the audit log keeps it, so it must not have the name in it.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
    /// That of an earlier run, to go on with one that was stopped.
    #[schema(pattern = "^person-[0-9a-f]{1,32}$", example = "person-7c1e09ab34f2")]
    pub(crate) pseudonym: Option<String>,
}

/// What became of a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonErased {
    /// What stands in its place.
    pseudonym: String,
    /// Callers that were the person's, or whose paths named them.
    callers: u64,
    /// Programs whose fleet-wide names named them.
    programs: u64,
    /// Findings that they decided, or whose reasons named them.
    findings: u64,
    /// Requests that they made or decided, or that are about them.
    requests: u64,
    /// Saved views whose names or questions named them.
    views: u64,
    /// Accounts of that name that may log in, and so keep it.
    accounts: u64,
    /// Entries of the audit log by that name, which stay.
    audit: u64,
    /// Versions of the policy whose texts name them, which stay.
    policies: u64,
}

/// A name that is still being taken out. The audit log has `person_erased` with this pseudonym at its end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonGoes {
    /// What stands in its place.
    pseudonym: String,
}

/// What is known when the answer is given.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) pseudonym: String,
    /// `None`: it goes on.
    pub(crate) erased: Option<Erased>,
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let pseudonym = self.pseudonym;
        let Some(erased) = self.erased else {
            return (StatusCode::ACCEPTED, Json(PersonGoes { pseudonym })).into_response();
        };
        Json(PersonErased {
            pseudonym,
            callers: erased.callers,
            programs: erased.programs,
            findings: erased.findings,
            requests: erased.requests,
            views: erased.views,
            accounts: erased.accounts,
            audit: erased.audit,
            policies: erased.policies,
        })
        .into_response()
    }
}

/// Puts a pseudonym in the place of a user's name, wherever it stands; there is no way back
///
/// It is done in bites, one name at a time, and goes on when whoever asked goes away. What takes longer than 20 s is answered
/// with 202. What stopped half-way, also with the collector, is gone on with by the same name and the pseudonym, which the
/// audit log has, too (`erasure_begun`).
#[utoipa::path(
    post,
    path = "/v1/people/erase",
    tag = "people",
    security(("token" = ["admin"])),
    request_body = EraseWanted,
    responses(
        (status = 200, description = "What was changed, and what was not", body = PersonErased),
        (status = 202, description = "It has begun and goes on", body = PersonGoes),
        (status = 400, description = "The request cannot be read, or reason or actor have the name in them", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "Another name is being taken out", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed; the sentence has the pseudonym to go on with", body = Problem),
        (status = 503, description = "The store does not answer now; the sentence has the pseudonym to go on with", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn erase(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Outcome, Refusal> {
    let wanted = body(&app, request, "a name that is to go").await?;
    take_out(&app, &principal, wanted, PATIENCE).await
}

/// Takes the name out; it goes on by itself when nobody waits any more.
pub(crate) async fn take_out(
    app: &App,
    principal: &Principal,
    wanted: EraseWanted,
    patience: Duration,
) -> Result<Outcome, Refusal> {
    let reason = must_say(&wanted.reason)?;
    let Erasure { person, reason } = Erasure::of(&wanted.name, wanted.pseudonym, reason, &principal.actor)
        .map_err(|error| Refusal::bad(error.to_string()))?;
    let pseudonym = person.instead().to_owned();
    let rest = format!("some of it is done: go on with the pseudonym {pseudonym}");
    let (store, by) = (Arc::clone(&app.store), principal.clone());
    let work = tokio::spawn(async move {
        let done = store.erase_person(&person, &reason, &by.now()).await;
        done.map_err(|error| {
            tracing::error!("a name is not out: {error}; {rest}");
            Refusal::from(&error).and(&rest)
        })
    });
    let erased = match tokio::time::timeout(patience, work).await {
        Err(_) => None,
        Ok(Ok(done)) => Some(done?.ok_or_else(|| Refusal::new(StatusCode::CONFLICT, BUSY))?),
        // It panicked, and has said so.
        Ok(Err(_)) => {
            return Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the collector failed; see its log",
            ));
        }
    };
    Ok(Outcome { pseudonym, erased })
}

#[cfg(test)]
mod tests;
