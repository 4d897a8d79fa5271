//! Rows of the inventory that an address names: `?use=7&use=9`.

use std::collections::{BTreeSet, HashSet};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::Principal;
use crate::api::requests::MOST;
use crate::app::App;
use crate::policy::InForce;
use crate::query::address;
use crate::refusal::Refusal;
use crate::store::{Along, Selection, StoreError, Use};

/// Their numbers, and those of the requests that were just made for them.
pub(crate) struct Chosen {
    pub(super) uses: BTreeSet<i64>,
    pub(super) asked: BTreeSet<i64>,
}

impl<S: Sync> FromRequestParts<S> for Chosen {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let numbers = |field: &str| {
            let said = form_urlencoded::parse(query).filter(|(key, _)| *key == *field);
            said.map(|(_, value)| value.parse::<i64>())
                .collect::<Result<BTreeSet<_>, _>>()
                .map_err(|_| Refusal::bad(format!("{field} must be a number: choose in the inventory")))
        };
        let (uses, asked) = (numbers("use")?, numbers("asked")?);
        if uses.len().max(asked.len()) > MOST {
            return Err(Refusal::bad(format!("choose at most {MOST} rows at once")));
        }
        Ok(Self { uses, asked })
    }
}

impl Chosen {
    /// The page about them, after these requests were made.
    pub(super) fn address(&self, asked: &[i64]) -> String {
        let uses = self.uses.iter().map(|number| ("use", number.to_string()));
        let asked = asked.iter().map(|number| ("asked", number.to_string()));
        address("/decide", &uses.chain(asked).collect::<Vec<_>>())
    }

    /// Those of the rows that are there, and on hosts that whoever asks sees.
    pub(super) async fn rows(&self, app: &App, principal: &Principal) -> Result<Vec<Use>, StoreError> {
        if self.uses.is_empty() {
            return Ok(Vec::new());
        }
        let selection = Selection {
            along: Along::Numbers(self.uses.iter().copied().collect()),
            scope: principal.scope.clone(),
            ..Selection::default()
        };
        let most = u16::try_from(MOST).unwrap_or(u16::MAX);
        Ok(app.store.uses(&selection, most).await?.rows)
    }
}

/// The page about a row of each program with each vendor of these.
pub(in crate::pages) fn link(rows: &[Use]) -> String {
    let uses = each(rows, false)
        .into_iter()
        .take(MOST)
        .map(|used| used.position.number());
    let chosen = Chosen {
        uses: uses.collect(),
        asked: BTreeSet::new(),
    };
    chosen.address(&[])
}

/// One row of each program with each vendor, and with each user where it is about users: what one sanction is for.
pub(super) fn each(rows: &[Use], is_of_user: bool) -> Vec<&Use> {
    let mut seen = HashSet::new();
    let mut each = Vec::new();
    for used in rows {
        let real = used.real();
        let user = is_of_user.then_some((real.uid, &real.user_name));
        if seen.insert((&real.program, &real.vendor, user)) {
            each.push(used);
        }
    }
    each
}

/// What their sanctions may be called: each by a name that no other has, whether in force or asked for.
pub(super) fn names(each: &[&Use], policy: &InForce, pending: BTreeSet<String>) -> Vec<String> {
    let in_force = policy.decided.sanctions.iter();
    let mut taken = pending;
    taken.extend(in_force.map(|sanction| sanction.id.clone()));
    let name = |used: &&Use| {
        let name = super::called(used);
        let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !taken.contains(name));
        let free = free.unwrap_or(name);
        taken.insert(free.clone());
        free
    };
    each.iter().map(name).collect()
}
