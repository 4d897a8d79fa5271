//! A person's name is to go: what may be asked for, and what is said of it, by command, over the API and on the page.

use crate::person::{NoPseudonym, Pseudonym};
use crate::store::Erased;

/// What whoever comes second is told.
pub(crate) const BUSY: &str =
    "another name is being taken out; come back when that is done, or in two minutes if it was stopped";

/// A name that may be taken out for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Erasure {
    pub(crate) person: Pseudonym,
    pub(crate) reason: String,
}

/// Why it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoErasure {
    /// The name, or the pseudonym, is none.
    #[error(transparent)]
    Person(#[from] NoPseudonym),
    /// The audit log would keep what is to go.
    #[error("the reason has the name in it, and the audit log keeps it for good: say it without")]
    Reason,
    /// Likewise.
    #[error(
        "who does it has that name, and the audit log keeps it for good, without whom it is about: have somebody else do it"
    )]
    Actor,
}

impl Erasure {
    /// `again` is the pseudonym of an earlier run, to go on with it; `actor` is who does it.
    pub(crate) fn of(
        name: &str,
        again: Option<String>,
        reason: &str,
        actor: &str,
    ) -> Result<Self, NoErasure> {
        let person = Pseudonym::of(name, again)?;
        if person.without(reason).is_some() {
            return Err(NoErasure::Reason);
        }
        if person.without(actor).is_some() {
            return Err(NoErasure::Actor);
        }
        Ok(Self {
            person,
            reason: reason.to_owned(),
        })
    }
}

/// What was changed and what was not, a sentence each, without the name.
pub(crate) fn words(pseudonym: &str, done: &Erased) -> Vec<String> {
    let mut said = vec![format!(
        "{pseudonym} stands in the place of the name: callers {}, programs {}, findings {}, requests {}, saved views {}",
        done.callers, done.programs, done.findings, done.requests, done.views,
    )];
    if done.accounts > 0 {
        let why = "an account of that name may log in, and stays: disable it and do this again";
        said.push(why.to_owned());
    }
    if done.audit > 0 {
        said.push(format!(
            "entries of the audit log by that name, which stay: {}",
            done.audit
        ));
    }
    if done.policies > 0 {
        said.push(format!(
            "versions of the policy that name it, which stay: {}; take it out of the file that is in force",
            done.policies
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_keeps_must_not_name_them() {
        let of = |reason, actor| Erasure::of("eve", None, reason, actor).map(|erasure| erasure.reason);
        assert_eq!(of("SEC-40, not Steve", "ada").as_deref(), Ok("SEC-40, not Steve"));
        assert_eq!(of("Eve asked", "ada"), Err(NoErasure::Reason));
        assert_eq!(of("SEC-40", "eve"), Err(NoErasure::Actor));
        assert_eq!(
            Erasure::of("/eve", None, "SEC-40", "ada"),
            Err(NoErasure::Person(NoPseudonym::Name))
        );
        let again = Some("eve".to_owned());
        assert_eq!(
            Erasure::of("eve", again, "SEC-40", "ada"),
            Err(NoErasure::Person(NoPseudonym::Pseudonym))
        );
    }
}
