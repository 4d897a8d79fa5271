//! `POST /v1/requests` and `POST /v1/requests/batch`

use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_policy::{DataClass, Sanction, Scope, Verdict};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::settle::{RequestIs, refused};
use crate::access::Principal;
use crate::api::body;
use crate::app::App;
use crate::refusal::Refusal;
use crate::requests::RequestState;

/// Sanctions that are decided about at once.
pub(crate) const MOST: usize = 50;
const NOTHING: &str = "say what is to be sanctioned: at least one request";

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

/// What is asked for at once: all of it, or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequests {
    #[schema(min_items = 1, max_items = 50)]
    requests: Vec<NewRequest>,
}

/// What was asked for at once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestsAre {
    /// In the order in which they were asked for.
    requests: Vec<RequestIs>,
}

impl NewRequest {
    /// With whoever asks in the approver's place, so that it can be checked whole.
    fn sanction(self, actor: &str) -> Sanction {
        Sanction {
            id: self.sanction,
            verdict: Verdict::Sanctioned,
            scope: self.scope,
            data: Some(DataClass::from(self.data)),
            reason: self.reason,
            approver: actor.to_owned(),
            expires: self.expires,
            ticket: self.ticket,
        }
    }
}

/// Asks for sanctions in somebody's name, who stands in the approver's place: all of them, or none. Gives the requests'
/// numbers.
pub(crate) async fn ask(
    app: &App,
    principal: &Principal,
    sanctions: &[Sanction],
) -> Result<Vec<i64>, Refusal> {
    check(sanctions)?;
    let made = app.store.create_requests(sanctions, &principal.now()).await;
    made.map_err(refused)
}

/// Refuses what cannot be a sanction; of several it says which.
pub(crate) fn check(sanctions: &[Sanction]) -> Result<(), Refusal> {
    let is_odd = |text: &str| text.chars().any(|char| char.is_control() && char != '\n');
    for sanction in sanctions {
        let data = sanction.data.as_ref().map_or("", DataClass::as_str);
        let fault = if sanction.scope.conditions().next().is_none() {
            Some(
                "a request must say what it is about: give the scope a condition, such as a vendor or a program"
                    .to_owned(),
            )
        } else if is_odd(&sanction.reason) || is_odd(data) || is_odd(&sanction.scope.to_string()) {
            Some("a request is without control characters".to_owned())
        } else {
            // There the id is called so.
            sanction.fault().map(|fault| fault.replace("`id`", "`sanction`"))
        };
        match fault {
            None => {}
            Some(fault) if sanctions.len() == 1 => return Err(Refusal::bad(fault)),
            Some(fault) => {
                return Err(Refusal::bad(format!(
                    "{}, and so none of them: {fault}",
                    sanction.id
                )));
            }
        }
    }
    Ok(())
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
    let mut made = all(&app, principal, vec![new]).await?;
    made.pop().map(Json).ok_or_else(|| Refusal::bad(NOTHING))
}

/// Asks for several sanctions at once: all of them, or none
#[utoipa::path(
    post,
    path = "/v1/requests/batch",
    tag = "policy",
    security(("token" = ["requests:write"])),
    request_body = NewRequests,
    responses(
        (status = 200, description = "All are pending", body = RequestsAre),
        (status = 400, description = "One of them cannot be read, or there are none or too many", body = Problem),
        (status = 403, description = "Such data take two people, and a program is none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "They could not all stand in the policy in force, the end of one has passed, or too many are pending", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn create_requests(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<RequestsAre>, Refusal> {
    let new: NewRequests = body(&app, request, "requests for sanctions").await?;
    if new.requests.is_empty() {
        return Err(Refusal::bad(NOTHING));
    }
    if new.requests.len() > MOST {
        return Err(Refusal::bad(format!("ask for at most {MOST} sanctions at once")));
    }
    Ok(Json(RequestsAre {
        requests: all(&app, principal, new.requests).await?,
    }))
}

async fn all(app: &App, principal: Principal, new: Vec<NewRequest>) -> Result<Vec<RequestIs>, Refusal> {
    let sanctions = new.into_iter().map(|new| new.sanction(&principal.actor));
    let made = ask(app, &principal, &sanctions.collect::<Vec<_>>()).await?;
    let is = |request| RequestIs {
        request,
        state: RequestState::Pending,
        actor: principal.actor.clone(),
        policy: None,
    };
    Ok(made.into_iter().map(is).collect())
}
