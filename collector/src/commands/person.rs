use super::actor::{self, Actor};
use super::{CommandError, Place, plain};
use crate::erasure::{Erasure, NoErasure, words};
use crate::person::NoPseudonym;
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
        let (reason, actor) = (plain(&reason, REASON), actor.name());
        let Erasure { person, reason } =
            Erasure::of(&name, pseudonym, &reason, &actor).map_err(|error| CommandError::Argument {
                what: option(&error),
                reason: error.to_string(),
            })?;
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let done = store.erase_person(&person, &reason, &actor::now(&actor)).await;
        store.close().await;
        let done = done.map_err(|error| CommandError::Stopped {
            pseudonym: person.instead().to_owned(),
            error,
        })?;
        let done = done.ok_or(CommandError::Erasing)?;
        let said = words(person.instead(), &done).into_iter();
        Ok(said.map(|line| line + "\n").collect())
    }
}

/// What of the command is at fault.
const fn option(error: &NoErasure) -> &'static str {
    match error {
        NoErasure::Person(NoPseudonym::Name) => "NAME",
        NoErasure::Person(NoPseudonym::Pseudonym) => "--pseudonym",
        NoErasure::Reason => "--reason",
        NoErasure::Actor => "--by",
    }
}
