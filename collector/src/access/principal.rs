//! Who asks.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;

use super::{Right, Scope};
use crate::refusal::Refusal;
use crate::store::By;

/// A person who has logged in, or a program with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// For the audit log: an account's name, or `api token NAME (ID)`.
    pub actor: String,
    /// The account, of a person.
    pub account: Option<String>,
    /// What it may do.
    pub rights: Vec<Right>,
    /// About which hosts.
    pub scope: Scope,
    /// What a person's writes must show beside the cookie.
    pub csrf: Option<String>,
}

/// How the actor of a program begins: no account's name has a space ([`super::account_name`]).
const PROGRAM: &str = "api token ";

/// Whether an actor of the audit log is a program with a token, and so nobody.
pub(crate) fn is_program(actor: &str) -> bool {
    actor.starts_with(PROGRAM)
}

impl Principal {
    /// For the audit log: the actor of a program with a token.
    pub(super) fn program(name: &str, id: &str) -> String {
        format!("{PROGRAM}{name} ({id})")
    }

    /// Whether it may do this.
    pub fn may(&self, right: Right) -> bool {
        self.rights.contains(&right) && (right.is_about_hosts() || self.scope.is_all())
    }

    /// Whoever it is, now: for the audit log.
    pub fn now(&self) -> By<'_> {
        By {
            actor: &self.actor,
            time: Timestamp::now(),
        }
    }
}

/// Is there when the route asks for somebody ([`super::door`]).
impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!(
                "{} wants to know who asks, and lets anybody ask",
                parts.uri.path()
            );
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the collector failed; see its log",
            )
        })
    }
}
