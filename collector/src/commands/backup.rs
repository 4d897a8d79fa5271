use std::path::PathBuf;

use super::actor::{self, Actor};
use super::{CommandError, Place};
use crate::store;

/// Write a backup of SQLite's database and the authority into a directory; a collector may run meanwhile
#[derive(Clone, Debug, clap::Args)]
pub struct BackupCommand {
    /// Directory for the backup, without one in it
    to: PathBuf,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

/// Put a backup into a data directory that has no database
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreCommand {
    /// Directory of the backup
    from: PathBuf,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl BackupCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let (location, actor) = (self.place.settings()?.location(), self.actor.name());
        store::back_up(&location, &self.to, &actor::now(&actor)).await?;
        Ok(format!("backed up into {}\n", self.to.display()))
    }
}

impl RestoreCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let (settings, actor) = (self.place.settings()?, self.actor.name());
        store::restore(&settings.location(), &self.from, &actor::now(&actor)).await?;
        Ok(format!("restored into {}\n", settings.data.display()))
    }
}
