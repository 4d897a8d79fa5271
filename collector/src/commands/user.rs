use jiff::Timestamp;

use super::actor::{self, Actor};
use super::password;
use super::table::{table, time};
use super::{CommandError, Place};
use crate::access::password::Hasher;
use crate::access::{Role, account_name};
use crate::labels::Label;
use crate::store::{Account, AccountChange, NewAccount, NoAccount, Store};

/// Says who may log in, and as what
#[derive(Clone, Debug, clap::Subcommand)]
pub enum UserCommand {
    /// Make an account; its password is asked for, or read from standard input
    Create {
        /// Its name, in small letters
        name: String,
        /// What the person is here for
        #[arg(long, value_enum)]
        role: Role,
        /// See only hosts with this label; of several with one key, any will do
        #[arg(long = "host-label", value_name = "KEY=VALUE")]
        hosts: Vec<Label>,
        /// Who does it.
        #[command(flatten)]
        actor: Actor,
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// List all accounts
    List {
        /// Whose data.
        #[command(flatten)]
        place: Place,
    },
    /// Give an account another role
    Role {
        /// Which one.
        #[command(flatten)]
        which: Which,
        /// What the person is here for
        #[arg(value_enum)]
        role: Role,
    },
    /// Have an account see only hosts with these labels; without any, all hosts
    Hosts {
        /// Which one.
        #[command(flatten)]
        which: Which,
        /// Of several with one key, any will do
        #[arg(value_name = "KEY=VALUE")]
        hosts: Vec<Label>,
    },
    /// Give an account another password, which ends its sessions
    Password {
        /// Which one.
        #[command(flatten)]
        which: Which,
    },
    /// Shut an account, which ends its sessions
    Disable {
        /// Which one.
        #[command(flatten)]
        which: Which,
    },
    /// Open an account again
    Enable {
        /// Which one.
        #[command(flatten)]
        which: Which,
    },
}

/// Which account, and who changes it.
#[derive(Clone, Debug, clap::Args)]
pub struct Which {
    /// The account's name
    name: String,
    /// Who does it.
    #[command(flatten)]
    actor: Actor,
    /// Whose data.
    #[command(flatten)]
    place: Place,
}

impl UserCommand {
    /// Does it; gives what to print.
    pub async fn run(self) -> Result<String, CommandError> {
        match self {
            Self::Create {
                name,
                role,
                hosts,
                actor,
                place,
            } => {
                let name = named(name)?;
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let hash = hash(&name).await?;
                let new = NewAccount {
                    name: &name,
                    password: &hash,
                    role,
                    scope: &hosts.into_iter().collect(),
                };
                let made = store.create_account(&new, &actor::now(&actor.name())).await?;
                store.close().await;
                made.map_err(refused(&name))?;
                Ok(format!("{name} may log in as {role}\n"))
            }
            Self::List { place } => {
                let store = Store::open_beside(&place.settings()?.location()).await?;
                let accounts = store.accounts().await?;
                store.close().await;
                Ok(list(accounts))
            }
            Self::Role { which, role } => {
                let change = AccountChange {
                    role: Some(role),
                    ..AccountChange::default()
                };
                which.change(change, &format!("is {role} now")).await
            }
            Self::Hosts { which, hosts } => {
                let scope = hosts.into_iter().collect();
                let said = format!("sees these hosts now: {scope}");
                let change = AccountChange {
                    scope: Some(scope),
                    ..AccountChange::default()
                };
                which.change(change, &said).await
            }
            Self::Password { which } => {
                let change = AccountChange {
                    password: Some(hash(&named(which.name.clone())?).await?),
                    ..AccountChange::default()
                };
                which.change(change, "has another password now").await
            }
            Self::Disable { which } => which.change(shut(true), "may not log in any more").await,
            Self::Enable { which } => which.change(shut(false), "may log in again").await,
        }
    }
}

impl Which {
    async fn change(self, change: AccountChange, said: &str) -> Result<String, CommandError> {
        let Self { name, actor, place } = self;
        let name = named(name)?;
        let store = Store::open_beside(&place.settings()?.location()).await?;
        let done = store
            .change_account(&name, &change, &actor::now(&actor.name()))
            .await?;
        store.close().await;
        done.map_err(refused(&name))?;
        Ok(format!("{name} {said}\n"))
    }
}

fn shut(disabled: bool) -> AccountChange {
    AccountChange {
        disabled: Some(disabled),
        ..AccountChange::default()
    }
}

fn named(name: String) -> Result<String, CommandError> {
    account_name(&name).map_err(|error| CommandError::Account {
        name,
        reason: error.to_string(),
    })
}

fn refused(name: &str) -> impl FnOnce(NoAccount) -> CommandError {
    move |reason| CommandError::Account {
        name: name.to_owned(),
        reason: reason.to_string(),
    }
}

/// The hash of a password that is asked for.
async fn hash(name: &str) -> Result<String, CommandError> {
    let password = password::read(name)?;
    let hashed = Hasher::default().hash(password).await;
    hashed.map_err(|refusal| CommandError::Account {
        name: name.to_owned(),
        reason: refusal.error().to_owned(),
    })
}

fn list(accounts: Vec<Account>) -> String {
    if accounts.is_empty() {
        return "there is no account yet\n".to_owned();
    }
    let head = ["NAME", "ROLE", "HOSTS", "STATE", "CREATED", "LAST LOG-IN"].map(str::to_owned);
    let rows = accounts.into_iter().map(|account| {
        let state = if account.disabled.is_some() {
            "disabled"
        } else {
            "good"
        };
        let never =
            |seen: Option<Timestamp>| seen.map_or_else(|| "never".to_owned(), |seen| time(Some(seen)));
        [
            account.name,
            account.role.to_string(),
            account.scope.to_string(),
            state.to_owned(),
            time(Some(account.created)),
            never(account.seen),
        ]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
