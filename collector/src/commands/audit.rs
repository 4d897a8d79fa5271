use super::table::{table, time};
use super::{CommandError, Place};
use crate::store::{AuditHead, Store};

/// Entries that are listed.
const LISTED: u16 = 100;

/// Shows who decided what, and that nobody has changed that since
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Go through the whole log: exit status 1 when an entry was changed, removed or moved
    Verify {
        /// What `head` printed earlier, kept where nobody who can write the database can: finds a log that was written
        /// anew as well
        #[arg(long, value_name = "NUMBER:HASH")]
        noted: Option<AuditHead>,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Print number and hash of the last entry, to be kept elsewhere
    Head {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// List the last 100 entries, the newest first; all of them are at `/v1/audit`
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

impl AuditCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Verify { noted, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let verified = store.verify_audit(noted.as_ref()).await?;
                store.close().await;
                let head = verified?;
                Ok(format!(
                    "the audit log is as it was written, with {}\n",
                    match head.number {
                        0 => "no entry".to_owned(),
                        1 => "1 entry".to_owned(),
                        number => format!("{number} entries"),
                    }
                ))
            }
            Self::Head { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let head = store.audit_head().await?;
                store.close().await;
                Ok(format!("{head}\n"))
            }
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let entries = store.audit(u64::MAX, LISTED).await?;
                store.close().await;
                let head = ["NUMBER", "TIME", "BY", "ACTION", "WHAT"].map(str::to_owned);
                let rows = entries.into_iter().map(|entry| {
                    [
                        entry.number.to_string(),
                        time(Some(entry.time)),
                        entry.actor,
                        entry.action.replace('_', " "),
                        entry.subject,
                    ]
                });
                Ok(table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
