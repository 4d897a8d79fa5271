use std::path::PathBuf;

use super::{CommandError, Place};
use crate::store;

/// Write a backup of SQLite's database and the authority into a directory; a collector may run meanwhile
#[derive(Clone, Debug, clap::Args)]
pub struct BackupCommand {
    /// Directory for the backup, without one in it
    to: PathBuf,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

/// Put a backup into a data directory that has no database
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreCommand {
    /// Directory of the backup
    from: PathBuf,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl BackupCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        store::back_up(&self.place.settings()?.location(), &self.to).await?;
        Ok(format!("backed up into {}\n", self.to.display()))
    }
}

impl RestoreCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let settings = self.place.settings()?;
        store::restore(&settings.location(), &self.from).await?;
        Ok(format!("restored into {}\n", settings.data.display()))
    }
}
