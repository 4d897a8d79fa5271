//! Several findings of the list, put into one state with one reason.

use std::collections::BTreeSet;

use axum::extract::rejection::RawFormRejection;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::{StateForm, Typed, Wanted, list};
use crate::access::{Principal, Right};
use crate::api::finding_state::put;
use crate::app::App;
use crate::findings::FindingState;
use crate::pages::asked::Asked;
use crate::pages::sentence;
use crate::refusal::Refusal;

/// The form below the list.
pub(super) struct Many {
    pub(super) form: StateForm,
    pub(super) chosen: BTreeSet<i64>,
}

impl Many {
    /// None for who may not.
    pub(super) fn of(
        principal: &Principal,
        refused: Option<(BTreeSet<i64>, Typed, Refusal)>,
    ) -> Option<Self> {
        let csrf = principal
            .csrf
            .clone()
            .filter(|_| principal.may(Right::FindingsWrite))?;
        let nothing = || {
            let typed = Typed {
                state: FindingState::Acknowledged,
                reason: String::new(),
                until: String::new(),
            };
            (BTreeSet::new(), typed, String::new())
        };
        let (chosen, typed, message) = refused.map_or_else(nothing, |(chosen, typed, refusal)| {
            (chosen, typed, sentence(refusal.error()))
        });
        Some(Self {
            form: StateForm::of(csrf, typed, message),
            chosen,
        })
    }
}

/// `POST /findings/state?…`: by the form of the list with this address.
pub(crate) async fn set_findings_state(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
    form: Result<RawForm, RawFormRejection>,
) -> Result<Response, Refusal> {
    let RawForm(body) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let fields: Vec<_> = form_urlencoded::parse(&body).collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| *key == *name);
        found
            .map(|(_, value)| value.clone().into_owned())
            .unwrap_or_default()
    };
    let typed = Typed {
        state: FindingState::of(&field("state")).ok_or_else(|| Refusal::bad("there is no such state"))?,
        reason: field("reason"),
        until: field("until"),
    };
    let chosen = fields.iter().filter(|(key, _)| *key == *"finding");
    let chosen: Result<BTreeSet<i64>, _> = chosen.map(|(_, value)| value.parse()).collect();
    let chosen = chosen.map_err(|_| Refusal::bad("a finding is chosen by its number"))?;
    let done = match typed.new_state() {
        Ok(_) if chosen.is_empty() => Err(Refusal::bad("choose a finding")),
        Ok(new) => put(&app, &principal, &chosen, &new).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(Redirect::to(&wanted.address()?).into_response()),
        Err(refusal) if refusal.status().is_client_error() => {
            list(&app, principal, wanted, Some((chosen, typed, refusal))).await
        }
        Err(refusal) => Err(refusal),
    }
}
