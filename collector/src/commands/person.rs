use std::fmt::Write as _;

use super::actor::{self, Actor};
use super::{CommandError, Place, plain};
use crate::person::Pseudonym;
use crate::store::Store;

/// Characters of a reason.
const REASON: usize = 2_000;

/// Takes a person's name out of the inventory, at their request
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PersonCommand {
    /// Put a pseudonym in the place of a user's name, wherever it stands; there is no way back
    Erase {
        /// The user's name, on whichever host
        name: String,
        /// Why, such as a ticket; the audit log keeps it, so it must not have the name in it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The pseudonym of an earlier run, to go on with one that was stopped
        #[arg(long, value_name = "PSEUDONYM")]
        pseudonym: Option<String>,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

impl PersonCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let Self::Erase {
            name,
            reason,
            pseudonym,
            actor,
            place,
        } = self;
        let wrong = |what: &'static str, reason: String| CommandError::Argument { what, reason };
        let person = Pseudonym::of(&name, pseudonym).map_err(|error| wrong("NAME", error.to_string()))?;
        let (reason, actor) = (plain(&reason, REASON), actor.name());
        for (what, text) in [("--reason", &reason), ("--by", &actor)] {
            if person.without(text).is_some() {
                let why = "it has the name in it, and the audit log keeps it for good: say it without";
                return Err(wrong(what, why.to_owned()));
            }
        }
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let done = store.erase_person(&person, &reason, &actor::now(&actor)).await;
        store.close().await;
        let done = done.map_err(|error| CommandError::Stopped {
            pseudonym: person.instead().to_owned(),
            error,
        })?;
        let mut said = format!(
            "{} stands in the place of the name: callers {}, programs {}, findings {}, requests {}, saved views {}\n",
            person.instead(),
            done.callers,
            done.programs,
            done.findings,
            done.requests,
            done.views,
        );
        if done.accounts > 0 {
            said.push_str("an account of that name may log in, and stays: `umbra-collector user disable` it and run this again\n");
        }
        if done.audit > 0 {
            let _ = writeln!(
                said,
                "{} entries of the audit log are by that name, and stay",
                done.audit
            );
        }
        if done.policies > 0 {
            let _ = writeln!(
                said,
                "{} versions of the policy name it, and stay: take it out of the file that is in force",
                done.policies
            );
        }
        Ok(said)
    }
}
