//! `POST /v1/requests`

use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use serde::Deserialize;
use umbra_policy::{DataClass, Sanction, Scope, Verdict};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::settle::{RequestIs, refused};
use crate::access::Principal;
use crate::api::body;
use crate::app::App;
use crate::refusal::Refusal;
use crate::requests::RequestState;

/// What is to be sanctioned: the fields of a sanction in a policy file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequest {
    /// What the sanction is to be called.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9-]+$")]
    pub(crate) sanction: String,
    /// What it is about: at least one condition, all of which must hold.
    pub(crate) scope: Scope,
    /// Which data are to be sent: `public`, `internal`, `confidential`, `restricted`, or a class of the policy's own.
    pub(crate) data: String,
    /// What it is needed for.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
    /// When it is to end; never, when it is left out.
    pub(crate) expires: Option<Timestamp>,
    /// Where it was discussed: an https:// address.
    pub(crate) ticket: Option<String>,
}

impl NewRequest {
    /// Asks for it in somebody's name; gives the request's number.
    pub(crate) async fn ask(self, app: &App, principal: &Principal) -> Result<i64, Refusal> {
        let sanction = self.sanction(&principal.actor)?;
        let made = app.store.create_request(&sanction, &principal.now()).await;
        made.map_err(refused)
    }

    /// With whoever asks in the approver's place, so that it can be checked whole.
    fn sanction(self, actor: &str) -> Result<Sanction, Refusal> {
        if self.scope.conditions().next().is_none() {
            return Err(Refusal::bad(
                "a request must say what it is about: give the scope a condition, such as a vendor or a program",
            ));
        }
        let is_odd = |text: &str| text.chars().any(|char| char.is_control() && char != '\n');
        if is_odd(&self.reason) || is_odd(&self.data) || is_odd(&self.scope.to_string()) {
            return Err(Refusal::bad("a request is without control characters"));
        }
        let sanction = Sanction {
            id: self.sanction,
            verdict: Verdict::Sanctioned,
            scope: self.scope,
            data: Some(DataClass::from(self.data)),
            reason: self.reason,
            approver: actor.to_owned(),
            expires: self.expires,
            ticket: self.ticket,
        };
        match sanction.fault() {
            // There the id is called so.
            Some(fault) => Err(Refusal::bad(fault.replace("`id`", "`sanction`"))),
            None => Ok(sanction),
        }
    }
}

/// Asks for a sanction, in the name of who asks; somebody who may then approves or refuses it
#[utoipa::path(
    post,
    path = "/v1/requests",
    tag = "policy",
    security(("token" = ["requests:write"])),
    request_body = NewRequest,
    responses(
        (status = 200, description = "It is pending", body = RequestIs),
        (status = 400, description = "The request cannot be read", body = Problem),
        (status = 403, description = "Such data take two people, and a program is none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "It could not stand in the policy in force, its end has passed, or too many are pending", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn create_request(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<RequestIs>, Refusal> {
    let new: NewRequest = body(&app, request, "a request for a sanction").await?;
    Ok(Json(RequestIs {
        request: new.ask(&app, &principal).await?,
        state: RequestState::Pending,
        actor: principal.actor,
        policy: None,
    }))
}
