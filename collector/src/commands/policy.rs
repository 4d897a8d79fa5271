mod apply;
mod words;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use umbra_catalog::Catalogue;
use umbra_policy::{Fault, File};

use super::table::{table, time};
use super::{CommandError, Place};
use crate::policy::Plan;
use crate::store::{Decided, Store};
use apply::Apply;

/// Versions that are listed.
const LISTED: u16 = 100;

/// Says what has been decided about callers and vendors, in a file that can be kept in Git
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PolicyCommand {
    /// Check a policy file by itself: exit status 0 when it can be applied, 1 with each mistake and its line when not
    Check {
        /// The policy, TOML; its form is in docs/POLICY.md
        file: PathBuf,
    },
    /// Show what a policy file would change, and which past callers would have another verdict; changes nothing
    Plan {
        /// The policy, TOML
        file: PathBuf,
        /// Print JSON, with every caller whose verdict would change
        #[arg(long)]
        json: bool,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Put a policy file in force, whole, in the place of the one before
    Apply(Apply),
    /// List the versions of the policy, the newest first
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Print the file of what is in force, with what was approved by request at its end, for it to be kept in Git
    Export {
        /// A version of the list
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Show what is in force, or was
    Show {
        /// A version of the list
        #[arg(long, value_name = "NUMBER", conflicts_with = "at")]
        version: Option<u64>,
        /// What was in force at this time, such as 2026-11-27T12:00:00Z
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

impl PolicyCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let now = Timestamp::now();
        match self {
            Self::Check { file } => {
                let (read, _) = read(&file, now)?;
                Ok(words::checked(&file, &read, &read.remarks(now)))
            }
            Self::Plan { file, json, place } => {
                let (read, _) = read(&file, now)?;
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let before = in_force(&store).await?;
                let mut plan = Plan::make(&store, &before, &read, now).await?;
                plan.requested = store.requested().await?;
                store.close().await;
                if json {
                    return plan.json(&before, &read).map_err(|error| CommandError::File {
                        path: file,
                        reason: format!("its plan cannot be written: {error}"),
                    });
                }
                Ok(words::planned(&file, &before, &read, &plan, now))
            }
            Self::Apply(apply) => apply.run(now).await,
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let versions = store.policy_versions(u64::MAX, LISTED).await?;
                let decided = in_force(&store).await?;
                store.close().await;
                let head = ["VERSION", "APPLIED", "BY", "COMMENT"].map(str::to_owned);
                let rows = versions.into_iter().map(|version| {
                    [
                        version.version.to_string(),
                        time(Some(version.applied)),
                        version.actor,
                        version.comment,
                    ]
                });
                let listed = table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
                Ok(listed + &words::ending(&decided, now))
            }
            Self::Export { version, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let wanted = match version {
                    Some(version) => version,
                    None => store.policy_version().await?,
                };
                let text = store.policy_text(wanted).await?;
                store.close().await;
                text.ok_or_else(|| CommandError::Missing {
                    what: "policy",
                    id: wanted.to_string(),
                })
            }
            Self::Show { version, at, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let wanted = match (version, at) {
                    (Some(version), _) => version,
                    (None, Some(at)) => store.policy_version_at(at).await?,
                    (None, None) => store.policy_version().await?,
                };
                let found = store.policy(wanted).await?;
                store.close().await;
                found
                    .map(|decided| words::shown(&decided, now))
                    .ok_or_else(|| CommandError::Missing {
                        what: "policy",
                        id: wanted.to_string(),
                    })
            }
        }
    }
}

/// What a file says, and its text.
fn read(path: &Path, now: Timestamp) -> Result<(File, String), CommandError> {
    let text = std::fs::read_to_string(path).map_err(|source| CommandError::File {
        path: path.to_owned(),
        reason: source.to_string(),
    })?;
    let read = File::parse(&text, &Catalogue::builtin(), now).map_err(|faults| CommandError::Policy {
        path: path.to_owned(),
        faults: lines(&faults),
    })?;
    Ok((read, text))
}

/// Each on a line of its own.
fn lines(faults: &[Fault]) -> String {
    let mut text = String::new();
    for fault in faults {
        let _ = write!(text, "\n  {fault}");
    }
    text
}

async fn in_force(store: &Store) -> Result<Decided, CommandError> {
    let version = store.policy_version().await?;
    Ok(store.policy(version).await?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
