//! A form that takes a person's name out, and what became of it.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Frame, Part, is_mendable};
use crate::access::Principal;
use crate::api::erase::{EraseWanted, PATIENCE, take_out};
use crate::app::App;
use crate::erasure::words;
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "settings/erase.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    /// What became of a name.
    said: Vec<String>,
    /// Whether it goes on.
    goes_on: bool,
    message: String,
    typed: Typed,
}

/// What is typed of a name that is to go.
#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    name: String,
    again: String,
    reason: String,
    pseudonym: String,
}

impl Typed {
    fn wanted(&self) -> Result<EraseWanted, Refusal> {
        let name = self.name.trim().to_owned();
        if self.again.trim() != name {
            return Err(Refusal::bad("the two names are not the same"));
        }
        let pseudonym = self.pseudonym.trim();
        Ok(EraseWanted {
            name,
            reason: self.reason.clone(),
            pseudonym: (!pseudonym.is_empty()).then(|| pseudonym.to_owned()),
        })
    }
}

/// `GET /settings/erase`
pub(crate) async fn page(principal: Principal) -> Result<Response, Refusal> {
    shown(StatusCode::OK, &of(principal))
}

/// `POST /settings/erase`: the answer is what became of it.
pub(crate) async fn erase(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let done = match typed.wanted() {
        Ok(wanted) => take_out(&app, &principal, wanted, PATIENCE).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(outcome) => {
            let goes_on = outcome.erased.is_none();
            let said = match outcome.erased {
                Some(erased) => words(&outcome.pseudonym, &erased),
                None => vec![format!("{} comes into the place of the name", outcome.pseudonym)],
            };
            shown(
                StatusCode::OK,
                &Page {
                    said,
                    goes_on,
                    ..of(principal)
                },
            )
        }
        Err(refusal) if is_mendable(refusal.status()) => {
            let message = sentence(refusal.error());
            shown(
                refusal.status(),
                &Page {
                    message,
                    typed,
                    ..of(principal)
                },
            )
        }
        Err(refusal) => Err(refusal),
    }
}

fn of(principal: Principal) -> Page {
    Page {
        frame: Frame::of(Part::Erasure, &principal, None),
        shell: Shell::of(Section::Settings, principal),
        said: Vec::new(),
        goes_on: false,
        message: String::new(),
        typed: Typed::default(),
    }
}
