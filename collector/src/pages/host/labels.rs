//! The form with a host's labels.

use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form as FormOf, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::page;
use crate::access::{Principal, Right};
use crate::api::agent_labels::put;
use crate::app::App;
use crate::pages::{sentence, settings};
use crate::refusal::Refusal;
use crate::store::Host;

/// The form, for who may set them.
pub(super) struct Form {
    pub(super) csrf: String,
    pub(super) agent: String,
    pub(super) typed: String,
    /// What is wrong.
    pub(super) message: String,
}

impl Form {
    /// None for who may not, and of a host that has not enrolled, which has no labels.
    pub(super) fn of(principal: &Principal, host: &Host, refused: Option<(String, Refusal)>) -> Option<Self> {
        let csrf = principal.csrf.clone().filter(|_| principal.may(Right::Admin))?;
        host.enrolled?;
        let (typed, refusal) = refused.unzip();
        let labels = host.labels.0.iter().map(|(key, value)| format!("{key}={value}"));
        Some(Self {
            csrf,
            agent: host.roll.agent.clone(),
            typed: typed.unwrap_or_else(|| labels.collect::<Vec<_>>().join(" ")),
            message: refusal.map_or_else(String::new, |refusal| sentence(refusal.error())),
        })
    }
}

/// What is typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    labels: String,
}

/// `POST /hosts/{agent}/labels`: by the page's form.
pub(crate) async fn label_host(
    State(app): State<App>,
    principal: Principal,
    agent: Result<Path<Uuid>, PathRejection>,
    form: Result<FormOf<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Path(agent) = agent.map_err(|error| Refusal::bad(error.body_text()))?;
    let FormOf(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let done = match settings::labels(&typed.labels) {
        Ok(labels) => put(&app, &principal, agent, &labels).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/hosts/{agent}")).into_response()),
        Err(refusal) if refusal.status().is_client_error() => {
            page(&app, principal, agent, Some((typed.labels, refusal))).await
        }
        Err(refusal) => Err(refusal),
    }
}
