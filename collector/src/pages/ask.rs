//! Asking for a sanction of what a caller does.

use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use umbra_policy::{Sanction, Verdict};

use super::terms::{Terms, called, scope};
use super::{caller, sentence};
use crate::access::{Principal, Right};
use crate::api::requests;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Use;

/// Who may ask, as `ask.html` has it.
pub(super) enum Asking {
    /// Whoever reads.
    By {
        csrf: String,
        typed: Typed,
        /// What is wrong.
        message: String,
    },
    /// Somebody else: why.
    Not(&'static str),
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub(super) sanction: String,
    pub(super) vendor: String,
    /// Whether it is about this user alone: any text.
    pub(super) mine: Option<String>,
    #[serde(flatten)]
    pub(super) terms: Terms,
}

impl Typed {
    /// What is there before anybody has typed.
    pub(super) fn begin(used: &Use) -> Self {
        Self {
            sanction: called(used),
            vendor: used.vendor.clone(),
            ..Self::default()
        }
    }

    fn wish(&self, used: &Use, actor: &str) -> Result<Sanction, Refusal> {
        let scope = scope(used, &self.vendor, self.mine.is_some())?;
        self.terms
            .sanction(Verdict::Sanctioned, &self.sanction, scope, actor)
    }
}

impl Asking {
    pub(super) fn of(principal: &Principal, typed: Typed, refusal: Option<&Refusal>) -> Self {
        match &principal.csrf {
            _ if !principal.may(Right::RequestsWrite) => {
                Self::Not("To ask for a sanction takes the role analyst.")
            }
            None => Self::Not("Programs ask by the API."),
            Some(csrf) => Self::By {
                csrf: csrf.clone(),
                typed,
                message: refusal.map_or_else(String::new, |refusal| sentence(refusal.error())),
            },
        }
    }
}

/// `POST /callers/{caller}/request`: by the page's form.
pub(crate) async fn ask(
    State(app): State<App>,
    principal: Principal,
    caller: Result<Path<i64>, PathRejection>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Path(number) = caller.map_err(|error| Refusal::bad(error.body_text()))?;
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let uses = caller::uses(&app, &principal, number).await?;
    let newest = caller::newest(&uses.rows, number)?;
    let asked = match typed.wish(newest, &principal.actor) {
        Ok(wish) => requests::ask(&app, &principal, &[wish]).await,
        Err(refusal) => Err(refusal),
    };
    match asked.map(|made| made.into_iter().next().unwrap_or_default()) {
        Ok(request) => Ok(Redirect::to(&format!("/callers/{number}?asked={request}#ask")).into_response()),
        Err(refusal) if refusal.status().is_client_error() => {
            caller::page(&app, principal, number, None, Some((typed, refusal))).await
        }
        Err(refusal) => Err(refusal),
    }
}
