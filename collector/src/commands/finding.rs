use std::fmt::Write as _;

use jiff::Timestamp;

use super::actor::{self, Actor};
use super::table::time;
use super::token::Life;
use super::wrap::wrap;
use super::{CommandError, Place, plain};
use crate::findings::{FindingKind, FindingState, Severity};
use crate::store::{Finding, FindingDecision, FindingsAsked, Store};

/// Findings that are listed.
const LISTED: u16 = 100;
/// Characters of a reason.
const REASON: usize = 2_000;
/// Columns before what is said of a finding.
const INDENT: usize = 4;

/// Works through what deserves a person
#[derive(Clone, Debug, clap::Subcommand)]
pub enum FindingCommand {
    /// List the newest 100 findings in a state; all of them are at `/v1/findings`
    List {
        /// Which ones
        #[arg(long, value_enum, default_value = "open")]
        state: FindingState,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Say that somebody looks into it
    Acknowledge {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// What is being done
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Say that it is settled
    Resolve {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// How it was settled
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say that there was nothing to find
    FalseAlarm {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// Why it is none
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Put it aside for a while; then it is open again
    Snooze {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// For how long: a number with s, m, h or d
        #[arg(long = "for", value_name = "TIME")]
        length: Life,
        /// What is waited for
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Open it again
    Reopen {
        /// What it is about.
        #[command(flatten)]
        act: Act,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

/// Which finding, and who decides.
#[derive(Clone, Debug, clap::Args)]
pub struct Act {
    /// The finding's number
    id: i64,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl FindingCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let now = Timestamp::now();
        let (act, state, until, reason) = match self {
            Self::List { state, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let asked = FindingsAsked {
                    state: Some(state),
                    ..FindingsAsked::default()
                };
                let findings = store.findings(asked, now, LISTED).await?;
                store.close().await;
                return Ok(list(&findings, state));
            }
            Self::Acknowledge { act, reason } => (act, FindingState::Acknowledged, None, reason),
            Self::Resolve { act, reason } => (act, FindingState::Resolved, None, reason),
            Self::FalseAlarm { act, reason } => (act, FindingState::FalseAlarm, None, reason),
            Self::Reopen { act, reason } => (act, FindingState::Open, None, reason),
            Self::Snooze { act, length, reason } => {
                let until = now.checked_add(length.duration()).ok();
                (act, FindingState::Snoozed, until, reason)
            }
        };
        let Act { id, actor, place } = act;
        let decision = FindingDecision {
            state,
            until,
            reason: &plain(&reason, REASON),
        };
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let done = store
            .decide_finding(id, &decision, &actor::now(&actor.name()))
            .await?;
        store.close().await;
        if !done {
            return Err(CommandError::Missing {
                what: "finding",
                id: id.to_string(),
            });
        }
        let until = until.map_or_else(String::new, |until| format!(" until {until:.0}"));
        Ok(format!("finding {id} is {state}{until}\n"))
    }
}

/// Each with what it is about, in lines that fit a terminal.
fn list(findings: &[Finding], state: FindingState) -> String {
    if findings.is_empty() {
        return format!("no finding is {state}\n");
    }
    let mut text = String::new();
    for finding in findings {
        let kind = FindingKind::of(&finding.kind);
        let severity = kind.map_or(Severity::Medium, FindingKind::severity);
        let _ = writeln!(
            text,
            "{}  {}, {}, raised {}",
            finding.id,
            finding.kind.replace('_', " "),
            severity.as_str(),
            time(Some(finding.created)),
        );
        text += &wrap(&finding.explanation(), INDENT);
        if let Some(decided) = &finding.decided {
            let reason = match decided.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            let until = finding
                .snoozed_until
                .map_or_else(String::new, |until| format!(" until {until:.0}"));
            let said = format!(
                "last decided by {} at {}{until}{reason}",
                decided.actor,
                time(Some(decided.time))
            );
            text += &wrap(&said, INDENT);
        }
    }
    text
}

#[cfg(test)]
mod tests;
