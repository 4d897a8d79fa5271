use jiff::Timestamp;

use super::actor::{self, Actor};
use super::table::{table, time};
use super::token::Life;
use super::{CommandError, Place, plain};
use crate::access::{Right, Role};
use crate::labels::Label;
use crate::store::{ApiToken, NewApiToken, Store};

/// Makes, lists and takes back what lets programs use the API
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ApiTokenCommand {
    /// Make a token and print it: it is shown this once
    Create {
        /// What it is for, for the list and the audit log
        name: String,
        /// What it may do; may be given several times
        #[arg(long = "scope", value_name = "SCOPE", required_unless_present = "role")]
        scopes: Vec<Right>,
        /// What this role may do
        #[arg(long, value_enum)]
        role: Option<Role>,
        /// See only hosts with this label; of several with one key, any will do
        #[arg(long = "host-label", value_name = "KEY=VALUE")]
        hosts: Vec<Label>,
        /// How long it is good: a number with s, m, h or d
        #[arg(long, value_name = "TIME", default_value = "90d")]
        expires: Life,
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
    /// Take a token back
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

impl ApiTokenCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        let now = Timestamp::now();
        match self {
            Self::Create {
                name,
                mut scopes,
                role,
                hosts,
                expires,
                actor,
                place,
            } => {
                scopes.extend(role.into_iter().flat_map(Role::rights));
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let new = NewApiToken {
                    name: &plain(&name, 200),
                    rights: &scopes,
                    scope: &hosts.into_iter().collect(),
                    life: expires.duration(),
                };
                let made = store.create_api_token(&new, &actor::now(&actor.name())).await?;
                store.close().await;
                made.map(|(_, token)| format!("{token}\n"))
                    .ok_or(CommandError::TooMany)
            }
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let tokens = store.api_tokens().await?;
                store.close().await;
                Ok(list(tokens, now))
            }
            Self::Revoke { id, actor, place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let done = store.revoke_api_token(&id, &actor::now(&actor.name())).await?;
                store.close().await;
                if done {
                    Ok(format!("api token {id} is good for nothing any more\n"))
                } else {
                    Err(CommandError::Missing {
                        what: "api-token",
                        id,
                    })
                }
            }
        }
    }
}

fn list(tokens: Vec<ApiToken>, now: Timestamp) -> String {
    let head = [
        "TOKEN",
        "STATE",
        "SCOPES",
        "HOSTS",
        "EXPIRES",
        "LAST USED",
        "MADE BY",
        "NAME",
    ]
    .map(str::to_owned);
    let rows = tokens.into_iter().map(|token| {
        let state = token.state(now);
        let scopes = token.rights.iter().map(|right| right.as_str());
        [
            token.id,
            state.to_owned(),
            scopes.collect::<Vec<_>>().join(" "),
            token.scope.to_string(),
            time(Some(token.expires)),
            time(token.used),
            token.maker,
            token.name,
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
