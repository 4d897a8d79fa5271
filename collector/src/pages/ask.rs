//! Asking for a sanction of what a caller does.

use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use umbra_policy::{Pattern, Scope};

use super::{caller, sentence};
use crate::access::{Principal, Right};
use crate::api::requests::NewRequest;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Use;

/// Classes of data that every policy has.
pub(super) const CLASSES: [&str; 4] = ["public", "internal", "confidential", "restricted"];

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
    pub(super) data: String,
    pub(super) reason: String,
    /// A day, as whose beginning (UTC) it ends.
    pub(super) until: String,
    pub(super) ticket: String,
}

impl Typed {
    /// What is there before anybody has typed.
    pub(super) fn begin(used: &Use) -> Self {
        let file = used.program.rsplit(['/', ' ']).next().unwrap_or_default();
        let name = format!("{file}-{}", used.vendor).to_lowercase();
        let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
        let name: String = name.chars().map(plain).take(60).collect();
        Self {
            sanction: name.trim_matches('-').to_owned(),
            vendor: used.vendor.clone(),
            ..Self::default()
        }
    }

    fn request(&self, used: &Use) -> Result<NewRequest, Refusal> {
        // A pseudonym means nothing to a policy.
        let real = used.real();
        let pattern = |of: &str, text: &str| {
            let pattern = text.parse::<Pattern>();
            pattern.map_err(|error| Refusal::bad(format!("the {of}’s name {error}")))
        };
        let whom = match (&self.mine, &real.user_name) {
            (None, _) => None,
            // A star in a policy stands for anything.
            (Some(_), Some(name)) if !name.contains('*') => Some(pattern("user", name)?),
            (Some(_), _) => {
                return Err(Refusal::bad(
                    "a sanction is for users with a name, without a star in it, and this is none",
                ));
            }
        };
        let expires = match self.until.as_str() {
            "" => None,
            day => {
                let day = day.parse::<Date>().ok();
                let begin = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
                let begin = begin.ok_or_else(|| {
                    Refusal::bad("the day until which it is to hold is not one such as 2027-06-30")
                })?;
                Some(begin.timestamp())
            }
        };
        Ok(NewRequest {
            sanction: self.sanction.trim().to_owned(),
            scope: Scope {
                vendor: Some(self.vendor.clone()),
                program: Some(pattern("program", &real.program)?),
                user: whom,
                ..Scope::default()
            },
            data: self.data.clone(),
            // Browsers send lines of a text apart by CR LF.
            reason: self.reason.replace("\r\n", "\n").trim().to_owned(),
            expires,
            ticket: Some(self.ticket.trim().to_owned()).filter(|ticket| !ticket.is_empty()),
        })
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
    let asked = match typed.request(newest) {
        Ok(new) => new.ask(&app, &principal).await,
        Err(refusal) => Err(refusal),
    };
    match asked {
        Ok(request) => Ok(Redirect::to(&format!("/callers/{number}?asked={request}#ask")).into_response()),
        Err(refusal) if refusal.status().is_client_error() => {
            caller::page(&app, principal, number, None, Some((typed, refusal))).await
        }
        Err(refusal) => Err(refusal),
    }
}
