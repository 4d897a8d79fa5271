//! Settings: who and what may come in, where alerts go, whose name goes, and what the fleet runs with. Each has a page of its own, for admins.

pub(crate) mod account;
pub(crate) mod catalogue;
pub(crate) mod enrolment;
pub(crate) mod erase;
pub(crate) mod people;
pub(crate) mod routes;
pub(crate) mod tokens;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::access::Principal;
use crate::labels::Label;
use crate::refusal::Refusal;

/// Rows on a page.
const ROWS: usize = 50;

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Enrolment,
    Routes,
    People,
    Tokens,
    Erasure,
    Catalogue,
}

/// What was done before this page, in the words of an address: `?done=revoked`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Revoked,
    Made,
    Changed,
}

/// `?done=…&after=…`
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    done: Option<Done>,
    /// The name or id after which to go on.
    after: Option<String>,
}

/// What every page of the settings has: the others, and what was just done.
struct Frame {
    here: Part,
    /// What forms show.
    csrf: String,
    done: Option<Done>,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Enrolment,
        Self::Routes,
        Self::People,
        Self::Tokens,
        Self::Erasure,
        Self::Catalogue,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Enrolment => "Enrolment",
            Self::Routes => "Alert routes",
            Self::People => "People",
            Self::Tokens => "API tokens",
            Self::Erasure => "Erase a name",
            Self::Catalogue => "Catalogue",
        }
    }

    const fn href(self) -> &'static str {
        match self {
            Self::Enrolment => "/settings",
            Self::Routes => "/settings/routes",
            Self::People => "/settings/people",
            Self::Tokens => "/settings/api-tokens",
            Self::Erasure => "/settings/erase",
            Self::Catalogue => "/settings/catalogue",
        }
    }

    /// Leads to it, and has it say what was done.
    fn after(self, done: Done) -> Response {
        let word = match done {
            Done::Revoked => "revoked",
            Done::Made => "made",
            Done::Changed => "changed",
        };
        Redirect::to(&format!("{}?done={word}", self.href())).into_response()
    }
}

impl Done {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Revoked => "The token is revoked: it lets nobody in from now on.",
            Self::Made => "The account is made.",
            Self::Changed => "The account is changed, from the next request on.",
        }
    }
}

impl Frame {
    fn of(here: Part, principal: &Principal, done: Option<Done>) -> Self {
        Self {
            here,
            // A program shows its token in its place.
            csrf: principal.csrf.clone().unwrap_or_default(),
            done,
        }
    }

    fn parts(&self) -> impl Iterator<Item = (Part, bool)> {
        Part::ALL.into_iter().map(|part| (part, part == self.here))
    }
}

/// A page of a list: so many items after the one of this name, and the query of the next page.
fn listed<T>(all: Vec<T>, after: Option<&str>, name: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
    let begin = after
        .and_then(|after| all.iter().position(|item| name(item) == after))
        .map_or(0, |place| place + 1);
    let mut rest = all.into_iter().skip(begin);
    let rows: Vec<T> = rest.by_ref().take(ROWS).collect();
    let last = rows.last().filter(|_| rest.next().is_some());
    let next = last.map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", name(last)).finish()
    });
    (rows, next)
}

/// Labels as they are typed: `team=web, env=prod`, apart by spaces, commas or both.
pub(super) fn labels<T: FromIterator<Label>>(typed: &str) -> Result<T, Refusal> {
    typed
        .split(|char: char| char.is_whitespace() || char == ',')
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().map_err(|error: String| Refusal::bad(error)))
        .collect()
}

/// Whether whoever typed can mend it where they typed it: then the form comes again, with the sentence.
fn is_mendable(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT)
}

/// The first of two passwords that are typed, if they are one.
fn same(password: String, again: &str) -> Result<String, Refusal> {
    if password == again {
        Ok(password)
    } else {
        Err(Refusal::bad("the two passwords are not the same"))
    }
}

#[cfg(test)]
mod tests;
