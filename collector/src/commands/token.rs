use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::actor::{self, Actor};
use super::table::{table, time};
use super::{CommandError, Place, plain};
use crate::authority;
use crate::labels::{self, Label};
use crate::store::{NewToken, Store, TOKEN_LABEL, TOKEN_USES, Token};

/// Makes, lists and takes back what lets agents enrol
#[derive(Clone, Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it: it is shown this once
    Create {
        /// How long it is good: a number with s, m, h or d
        #[arg(long, value_name = "TIME", default_value = "24h")]
        expires: Life,
        /// How many agents may enrol with it
        #[arg(long, value_name = "NUMBER", default_value_t = 1,
              value_parser = clap::value_parser!(u32).range(i64::from(*TOKEN_USES.start())..=i64::from(*TOKEN_USES.end())))]
        uses: u32,
        /// What it is for, for the list
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        /// What it gives the hosts of agents that enrol with it; may be given several times
        #[arg(long = "host-label", value_name = "KEY=VALUE")]
        labels: Vec<Label>,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// List all tokens, without their secrets
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Take a token back; agents that enrolled with it stay
    Revoke {
        /// The token's id: what stands after the first `_`
        id: String,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
}

/// How long a token is good: up to 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life(Duration);

impl Life {
    pub(super) const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Life {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give a number with s, m, h or d, such as 24h; at most 366d";
        const DAY: u64 = 24 * 3600;
        let (number, unit) = text
            .char_indices()
            .last()
            .map(|(last, _)| text.split_at(last))
            .ok_or(WRONG)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => DAY,
            _ => return Err(WRONG),
        };
        let seconds = number
            .parse()
            .ok()
            .and_then(|number: u64| number.checked_mul(unit))
            .filter(|seconds| (1..=366 * DAY).contains(seconds))
            .ok_or(WRONG)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl TokenCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let now = Timestamp::now();
        match self {
            Self::Create {
                expires,
                uses,
                label,
                labels,
                actor,
                place,
            } => {
                let settings = place.settings()?;
                let store = Store::open_beside(&settings.location()).await?;
                let authority = authority::of(&settings, &store).await?;
                let new = NewToken {
                    label: plain(&label, TOKEN_LABEL),
                    life: expires.0,
                    uses,
                    labels: labels.into_iter().take(labels::MOST).collect(),
                };
                let made = store
                    .create_token(&new, &authority.fingerprint(), &actor::now(&actor.name()))
                    .await?;
                store.close().await;
                made.map(|token| format!("{token}\n"))
                    .ok_or(CommandError::TooMany)
            }
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let tokens = store.tokens().await?;
                store.close().await;
                Ok(list(&tokens, now))
            }
            Self::Revoke { id, actor, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let done = store.revoke_token(&id, &actor::now(&actor.name())).await?;
                store.close().await;
                if done {
                    Ok(format!("token {id} lets nobody in any more\n"))
                } else {
                    Err(CommandError::Missing { what: "token", id })
                }
            }
        }
    }
}

fn list(tokens: &[Token], now: Timestamp) -> String {
    let head = ["TOKEN", "STATE", "USES LEFT", "EXPIRES", "CREATED", "LABEL"].map(str::to_owned);
    let rows = tokens.iter().map(|token| {
        [
            token.id.clone(),
            token.state(now).to_owned(),
            token.uses_left.to_string(),
            time(Some(token.expires)),
            time(Some(token.created)),
            token.label.clone(),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
