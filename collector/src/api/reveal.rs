//! `POST /v1/reveal`

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::body;
use super::reason::must_say;
use crate::access::Principal;
use crate::app::App;
use crate::refusal::Refusal;

/// Whose name is to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reveal {
    /// As it stands in the place of a user's name.
    #[schema(pattern = "^person-[0-9a-f]{16}$", example = "person-7c1e09ab34f2d815")]
    pseudonym: String,
    /// Why: the audit log keeps it.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revealed {
    pseudonym: String,
    /// The user's name; `uid 1000` of one whom the host knows no name of.
    name: String,
}

/// Tells whose pseudonym this is, with a reason, which the audit log keeps
#[utoipa::path(
    post,
    path = "/v1/reveal",
    tag = "people",
    security(("token" = ["names:read"])),
    request_body = Reveal,
    responses(
        (status = 200, description = "Whose it is", body = Revealed),
        (status = 400, description = "The request cannot be read, or says no reason", body = Problem),
        (status = 404, description = "Nobody has this pseudonym", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "The collector shows names", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 429, description = "The whole inventory is being read already; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn reveal(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<Revealed>, Refusal> {
    let Reveal { pseudonym, reason } = body(&app, request, "a pseudonym and a reason").await?;
    let reason = must_say(&reason)?;
    if !app.store.people().are_hidden() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "this collector shows names: [people] names is not \"pseudonyms\"",
        ));
    }
    let _turn = app.planning.try_acquire().map_err(|_| {
        Refusal::too_many(
            "the whole inventory is being read already; come back",
            Duration::from_secs(10),
        )
    })?;
    match app.store.reveal(&pseudonym, reason, &principal.now()).await? {
        Some(name) => Ok(Json(Revealed { pseudonym, name })),
        None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "nobody has this pseudonym: give it as it stands in the place of a name",
        )),
    }
}
