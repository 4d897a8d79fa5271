use std::io::Write as _;

use clap::ValueEnum;
use jiff::Timestamp;

use super::actor::{self, Actor};
use super::table::table;
use super::{CommandError, Place};
use crate::questions::{Asked, Cells, Covered, Sent, Spiked, Used, csv};
use crate::store::{Export, Part, Store};

/// Uses that are read at once.
const PART: u16 = 1_000;
/// Callers that `bytes-out` names, and spikes.
const SENDERS: u16 = 1_000;
/// Rows that are shown to people.
const SHOWN: usize = 200;

/// A saved question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Question {
    /// Who used this vendor in this period, how much, and was it sanctioned then?
    UsersOfVendor,
    /// How much left for this vendor in this period, and by whom?
    BytesOut,
    /// Which decision covered each use of this vendor then, who took it, on which version of the policy?
    Decisions,
    /// Was there a spike before this date (`--to`): on which days did whose program send far more than usual?
    Spikes,
}

/// Answer a question about the past; docs/QUESTIONS.md tells which there are
#[derive(Clone, Debug, clap::Args)]
pub struct AskCommand {
    /// The question
    #[arg(value_enum)]
    question: Question,
    /// Vendor, by its name in the catalogue
    #[arg(long)]
    vendor: String,
    /// The first hour, such as 2026-11-01T00:00:00Z [default: 30 days before `--to`]
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// The hour before which the answer ends [default: now]
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Print a table for a spreadsheet, whole, which the audit log keeps
    #[arg(long)]
    csv: bool,
    /// Who asks.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl AskCommand {
    /// Does it; gives what to print that has not been printed.
    pub async fn run(self) -> Result<String, CommandError> {
        let asked = Asked::new(&self.vendor, self.from, self.to, Timestamp::now()).map_err(|error| {
            CommandError::Argument {
                what: "--from, --to",
                reason: error.to_string(),
            }
        })?;
        let store = Store::open_beside(&self.place.settings()?.location()).await?;
        let asking = Asking {
            store: &store,
            asked: &asked,
            actor: self.actor.name(),
            csv: self.csv,
        };
        let said = match self.question {
            Question::UsersOfVendor => asking.parts("users-of-vendor", Used::of).await,
            Question::Decisions => asking.parts("decisions", Covered::of).await,
            Question::BytesOut => {
                let senders = store.senders(&asked, SENDERS).await?;
                let rows: Vec<Sent> = senders.into_iter().map(Sent::from).collect();
                asking
                    .say("bytes-out", &rows, true)
                    .await
                    .map(Option::unwrap_or_default)
            }
            Question::Spikes => {
                let spikes = store.past_spikes(&asked, SENDERS).await?;
                let rows: Vec<Spiked> = spikes.into_iter().map(Spiked::from).collect();
                asking
                    .say("spikes", &rows, true)
                    .await
                    .map(Option::unwrap_or_default)
            }
        };
        store.close().await;
        said
    }
}

struct Asking<'a> {
    store: &'a Store,
    asked: &'a Asked,
    actor: String,
    csv: bool,
}

impl Asking<'_> {
    /// Goes through a whole answer, part by part, so that it may be larger than memory.
    async fn parts<R: Cells>(
        &self,
        question: &'static str,
        row: fn(&Part) -> R,
    ) -> Result<String, CommandError> {
        let periods = self.store.periods(self.asked).await?;
        let periods = periods.ok_or_else(|| CommandError::Argument {
            what: "--from, --to",
            reason: "the policy changed more than 500 times in that period: ask about a shorter one"
                .to_owned(),
        })?;
        let mut after = None;
        let mut is_first = true;
        loop {
            let (parts, next) = self.store.parts(self.asked, &periods, after, PART).await?;
            let rows: Vec<R> = parts.iter().map(row).collect();
            if let Some(said) = self.say(question, &rows, is_first).await? {
                let more = next.is_some() || rows.len() > SHOWN;
                let hint = if more {
                    "there are more: --csv prints all of them\n"
                } else {
                    ""
                };
                return Ok(said + hint);
            }
            is_first = false;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(String::new()),
            }
        }
    }

    /// Prints rows of a table for spreadsheets; gives those for people.
    async fn say<R: Cells>(
        &self,
        question: &'static str,
        rows: &[R],
        is_first: bool,
    ) -> Result<Option<String>, CommandError> {
        if !self.csv {
            return Ok(Some(shown(rows)));
        }
        let export = Export {
            question,
            asked: self.asked.noted(),
            rows: rows.len(),
            goes_on: !is_first,
        };
        self.store.note_export(export, &actor::now(&self.actor)).await?;
        let text = csv(rows, is_first).map_err(CommandError::Output)?;
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(CommandError::Output)?;
        Ok(None)
    }
}

fn shown<R: Cells>(rows: &[R]) -> String {
    if rows.is_empty() {
        return format!("{}\n", R::NONE);
    }
    let head = R::HEAD
        .iter()
        .map(|name| name.to_uppercase().replace('_', " "))
        .collect();
    let rows = rows.iter().take(SHOWN).map(Cells::cells);
    table(&std::iter::once(head).chain(rows).collect::<Vec<Vec<String>>>())
}
