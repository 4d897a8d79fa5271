use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use umbra_catalog::Catalogue;
use umbra_report::{Settings, limits};

use super::actor::{self, Actor};
use super::table::{table, time};
use super::{CommandError, Place, plain};
use crate::labels::Label;
use crate::store::{Revision, Rollout, Store};

/// Hosts whose refusals are listed.
const REFUSALS: u16 = 10;

/// Publishes what agents run with, over their own files, and says who is to run it
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Publish a configuration to all agents, or first to those with a label
    Publish {
        /// TOML file of agents' settings: `interval_seconds`, `poll_seconds`
        #[arg(value_name = "FILE")]
        settings: Option<PathBuf>,
        /// TOML file that adds to agents' catalogue or overrides it
        #[arg(long, value_name = "FILE")]
        catalogue: Option<PathBuf>,
        /// Only to hosts with this label
        #[arg(long, value_name = "KEY=VALUE")]
        to: Option<Label>,
        /// What it is for, for the list
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Have agents run a revision that is there: the next ones of a roll-out, or an earlier one again
    RollOut {
        /// Its number in the list
        revision: u64,
        /// Only hosts with this label; without it all, whatever was decided for labels before
        #[arg(long, value_name = "KEY=VALUE")]
        to: Option<Label>,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// List what was published, who is to run it, and how many do
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Print a revision
    Show {
        /// Its number in the list
        revision: u64,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

/// The file of settings: a misspelt key must not be passed over here, as an agent does with one of a later version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    interval_seconds: Option<u32>,
    poll_seconds: Option<u32>,
}

impl ConfigCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Publish {
                settings,
                catalogue,
                to,
                comment,
                actor,
                place,
            } => {
                let revision = Revision {
                    id: 0,
                    published: Timestamp::now(),
                    comment: plain(&comment, 200),
                    settings: settings
                        .as_deref()
                        .map(read_settings)
                        .transpose()?
                        .unwrap_or_default(),
                    catalogue: catalogue.as_deref().map(read_catalogue).transpose()?,
                };
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let id = store
                    .publish(&revision, to.as_ref(), &actor::now(&actor.name()))
                    .await?;
                store.close().await;
                Ok(format!("revision {id} goes to {}\n", whom(to.as_ref())))
            }
            Self::RollOut {
                revision,
                to,
                actor,
                place,
            } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let there = store
                    .roll_out(revision, to.as_ref(), &actor::now(&actor.name()))
                    .await?;
                store.close().await;
                if there {
                    Ok(format!("revision {revision} goes to {}\n", whom(to.as_ref())))
                } else {
                    Err(missing(revision))
                }
            }
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let (revisions, rollouts) = (store.revisions().await?, store.rollouts().await?);
                let (running, refusals) = (store.running().await?, store.refusals(REFUSALS).await?);
                store.close().await;
                let mut text = list(&revisions, &rollouts, &running);
                for (host, reason) in refusals {
                    text.push_str(&[&host, " refuses the last one: ", &reason, "\n"].concat());
                }
                Ok(text)
            }
            Self::Show { revision, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let revisions = store.revisions().await?;
                store.close().await;
                revisions
                    .iter()
                    .find(|kept| kept.id == revision)
                    .map(show)
                    .ok_or_else(|| missing(revision))
            }
        }
    }
}

fn missing(revision: u64) -> CommandError {
    CommandError::Missing {
        what: "config",
        id: revision.to_string(),
    }
}

fn whom(to: Option<&Label>) -> String {
    to.map_or_else(
        || "all agents".to_owned(),
        |label| format!("agents of hosts with {label}"),
    )
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|source| CommandError::File {
        path: path.to_owned(),
        reason: source.to_string(),
    })
}

fn read_settings(path: &Path) -> Result<Settings, CommandError> {
    let wrong = |reason: String| CommandError::File {
        path: path.to_owned(),
        reason,
    };
    let file: File = toml::from_str(&read(path)?)
        .map_err(|error| wrong(error.message().lines().collect::<Vec<_>>().join(", ")))?;
    for (key, value, range) in [
        (
            "interval_seconds",
            file.interval_seconds,
            limits::INTERVAL_SECONDS,
        ),
        ("poll_seconds", file.poll_seconds, limits::POLL_SECONDS),
    ] {
        if value.is_some_and(|value| !range.contains(&value)) {
            let (low, high) = (range.start(), range.end());
            return Err(wrong(format!("{key} must be from {low} to {high}")));
        }
    }
    Ok(Settings {
        interval_seconds: file.interval_seconds,
        poll_seconds: file.poll_seconds,
    })
}

/// Checked as an agent checks it: what no agent can run is not published.
fn read_catalogue(path: &Path) -> Result<String, CommandError> {
    let text = read(path)?;
    let wrong = |reason: String| CommandError::File {
        path: path.to_owned(),
        reason,
    };
    if text.len() > limits::CATALOGUE {
        return Err(wrong(format!("it may be {} bytes long", limits::CATALOGUE)));
    }
    Catalogue::with_override_text(&path.display().to_string(), &text)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(text)
}

fn list(revisions: &[Revision], rollouts: &[Rollout], running: &[(u64, u64, u64)]) -> String {
    let running: HashMap<u64, (u64, u64)> = running
        .iter()
        .map(|(revision, run, refuse)| (*revision, (*run, *refuse)))
        .collect();
    let head = [
        "REVISION",
        "PUBLISHED",
        "GOES TO",
        "RUN BY",
        "REFUSE ANOTHER",
        "COMMENT",
    ]
    .map(str::to_owned);
    let rows = revisions.iter().map(|revision| {
        let to: Vec<_> = rollouts
            .iter()
            .filter(|rollout| rollout.revision == revision.id)
            .map(|rollout| {
                rollout
                    .to
                    .as_ref()
                    .map_or_else(|| "all".to_owned(), Label::to_string)
            })
            .collect();
        let (run, refuse) = running.get(&revision.id).copied().unwrap_or_default();
        [
            revision.id.to_string(),
            time(Some(revision.published)),
            if to.is_empty() {
                "-".to_owned()
            } else {
                to.join(" ")
            },
            run.to_string(),
            refuse.to_string(),
            revision.comment.clone(),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn show(revision: &Revision) -> String {
    let mut lines = vec![format!(
        "# Revision {}, published {:.0}",
        revision.id, revision.published
    )];
    for (key, value) in [
        ("interval_seconds", revision.settings.interval_seconds),
        ("poll_seconds", revision.settings.poll_seconds),
    ] {
        lines.extend(value.map(|value| format!("{key} = {value}")));
    }
    if let Some(catalogue) = &revision.catalogue {
        lines.push(format!("\n# Its catalogue:\n{}", catalogue.trim_end()));
    }
    lines.join("\n") + "\n"
}
