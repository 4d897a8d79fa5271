use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use umbra_catalog::Catalogue;
use umbra_policy::File;

use super::super::actor::{self, Actor};
use super::super::{CommandError, Place, plain};
use super::{in_force, read, words};
use crate::policy::dropped;
use crate::store::{NewPolicy, Store};

/// Characters of a comment.
const COMMENT: usize = 200;

/// Which file, and how.
#[derive(Clone, Debug, clap::Args)]
pub struct Apply {
    /// The policy, TOML
    file: PathBuf,
    /// Only if this version is in force, as `plan` showed it; 0 for none
    #[arg(long, value_name = "VERSION")]
    against: Option<u64>,
    /// What it is for, for the list
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// End what was approved by request and is not in the file
    #[arg(long)]
    drop_requested: bool,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl Apply {
    /// Puts the file in force; gives what to print.
    pub(super) async fn run(self, now: Timestamp) -> Result<String, CommandError> {
        let (read, text) = read(&self.file, now)?;
        let store = Store::open_beside(&self.place.settings()?.location()).await?;
        let before = in_force(&store).await?;
        let changes = umbra_policy::difference(&before.sanctions, &read.sanctions);
        let same = before.version.is_some()
            && before.groups == read.groups
            && before.rules == read.rules()
            && changes.is_empty()
            && classes(&store, before.number(), now).await? == Some((&read).into());
        let applied = if same {
            None
        } else {
            if !self.drop_requested
                && let Some(dropped) = dropped(&changes, &store.requested().await?)
            {
                return Err(CommandError::Dropped(dropped));
            }
            let new = NewPolicy {
                file: &read,
                text: &text,
                comment: &plain(&self.comment, COMMENT),
                against: self.against.unwrap_or(before.number()),
            };
            Some(store.apply_policy(&new, &actor::now(&self.actor.name())).await?)
        };
        store.close().await;
        Ok(words::applied(&before, &read, applied))
    }
}

/// What a file says beside groups and sanctions.
#[derive(PartialEq, Eq)]
struct Classes(BTreeSet<String>, BTreeSet<String>);

impl From<&File> for Classes {
    fn from(file: &File) -> Self {
        Self(file.own_classes.clone(), file.single_approval.clone())
    }
}

/// The same of the file of a version; `None`: it cannot be read any more.
async fn classes(store: &Store, version: u64, now: Timestamp) -> Result<Option<Classes>, CommandError> {
    let text = store.policy_text(version).await?.unwrap_or_default();
    let file = File::parse(&text, &Catalogue::builtin(), now).ok();
    Ok(file.as_ref().map(Classes::from))
}
