use jiff::Timestamp;
use uuid::Uuid;

use super::actor::{self, Actor};
use super::table::{table, time};
use super::{CommandError, Place};
use crate::labels::{self, Label, Labels};
use crate::presence::State;
use crate::store::{Decision, Enrolment, Store};

/// Lists agents, and shuts them out
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AgentCommand {
    /// List all agents that enrolled or reported, and whether they are heard
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Shut an agent out for ever: its key may be in wrong hands
    Revoke {
        /// The agent's id
        id: Uuid,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Give an agent's host labels in place of those that it has
    Label {
        /// The agent's id
        id: Uuid,
        /// The labels; none takes all away
        #[arg(value_name = "KEY=VALUE")]
        labels: Vec<Label>,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Say that a host is gone, so that nobody misses it; a token brings it back
    Retire {
        /// The agent's id
        id: Uuid,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

impl AgentCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let now = Timestamp::now();
        let (id, actor, place, decision) = match self {
            Self::List { place } => {
                let settings = place.settings()?;
                let store = Store::open_beside(&settings.location()).await?;
                let agents = store.enrolments(settings.missing).await?;
                store.close().await;
                return Ok(list(&agents, now));
            }
            Self::Label {
                id,
                labels,
                actor,
                place,
            } => {
                let labels: Labels = labels.into_iter().take(labels::MOST).collect();
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let done = store.label(id, &labels, &actor::now(&actor.name())).await?;
                store.close().await;
                return done
                    .then(|| format!("agent {id} has the labels {labels}\n"))
                    .ok_or(CommandError::Missing {
                        what: "agent",
                        id: id.to_string(),
                    });
            }
            Self::Revoke { id, actor, place } => (id, actor, place, Decision::Revoke),
            Self::Retire { id, actor, place } => (id, actor, place, Decision::Retire),
        };
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let done = store.decide(id, decision, &actor::now(&actor.name())).await?;
        store.close().await;
        match (done, decision) {
            (true, Decision::Revoke) => Ok(format!("agent {id} is shut out\n")),
            (true, Decision::Retire) => Ok(format!("agent {id} is retired\n")),
            (false, _) => Err(CommandError::Missing {
                what: "agent",
                id: id.to_string(),
            }),
        }
    }
}

fn list(agents: &[Enrolment], now: Timestamp) -> String {
    let head = [
        "AGENT",
        "HOST",
        "STATE",
        "LAST REPORT",
        "CERTIFICATE UNTIL",
        "ENROLLED",
        "CLONE SEEN",
        "CONFIG",
        "LABELS",
    ]
    .map(str::to_owned);
    let rows = agents.iter().map(|agent| {
        let state = if agent.revoked.is_some() {
            "revoked"
        } else if agent.retired.is_some() {
            "retired"
        } else if agent.enrolled.is_some() && agent.not_after.is_none_or(|end| end <= now) {
            "expired"
        } else {
            agent.state.map_or("new", State::name)
        };
        [
            agent.agent.clone(),
            agent.host.clone(),
            state.to_owned(),
            time(agent.last_report),
            time(agent.not_after),
            time(agent.enrolled),
            time(agent.clone),
            agent
                .configuration
                .map_or_else(|| "-".to_owned(), |revision| revision.to_string()),
            agent.labels.to_string(),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
