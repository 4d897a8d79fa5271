//! `umbra-collector token …`, `agent …`, `config …`, `policy …`, `finding …`, `route …`, `audit …`, `request …`, `ask …`, `user …`, `api-token …`, `backup` and `restore`: they work on the store, all but the last also while a
//! collector runs on it.

mod actor;
mod agent;
mod api_token;
mod ask;
mod audit;
mod backup;
mod configuration;
mod finding;
mod password;
mod person;
mod policy;
mod request;
mod route;
mod table;
mod token;
mod user;
mod wrap;

use std::path::PathBuf;

use crate::authority::AuthorityError;
use crate::config::{ConfigError, Options, Settings};
use crate::store::{RequestError, StoreError, Tampered};

pub use actor::Actor;
pub use agent::AgentCommand;
pub use api_token::ApiTokenCommand;
pub use ask::{AskCommand, Question};
pub use audit::AuditCommand;
pub use backup::{BackupCommand, RestoreCommand};
pub use configuration::ConfigCommand;
pub use finding::FindingCommand;
pub use person::PersonCommand;
pub use policy::PolicyCommand;
pub use request::RequestCommand;
pub use route::RouteCommand;
pub use token::TokenCommand;
pub use user::UserCommand;

/// Whose data a command works on.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Place {
    /// Directory of the collector's database [default: that of `serve`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL database in place of it: `postgres://USER@HOST/DATABASE`
    #[arg(long, value_name = "URL", env = "UMBRA_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The collector's configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authority cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// Nothing has this id.
    #[error("there is no {what} {id}; `umbra-collector {what} list` shows them all")]
    Missing {
        /// A token, an agent or a configuration.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A file that was named cannot be used.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// A policy file with mistakes, of which nothing is used.
    #[error("{} cannot be used, and nothing was changed:{faults}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Every mistake with its line, each on a line of its own.
        faults: String,
    },
    /// An account cannot be made or changed so.
    #[error("account {name} stays as it is: {reason}")]
    Account {
        /// The account.
        name: String,
        /// Why, with the remedy.
        reason: String,
    },
    /// The configuration has no such route.
    #[error("there is no route {name}; {known}")]
    NoRoute {
        /// The name that was asked for.
        name: String,
        /// Which there are.
        known: String,
    },
    /// A route does not work.
    #[error("{name} did not take the test: {reason}")]
    Route {
        /// Its name.
        name: String,
        /// Why, with the remedy.
        reason: String,
    },
    /// A word of the command cannot be used.
    #[error("{what}: {reason}")]
    Argument {
        /// Which.
        what: &'static str,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// A request cannot be made or decided.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A name is only partly gone.
    #[error("{error}; some of it is done: run it again with --pseudonym {pseudonym}")]
    Stopped {
        /// What stands in its place.
        pseudonym: String,
        /// Why it stopped.
        error: StoreError,
    },
    /// One name goes at a time.
    #[error("{}", crate::erasure::BUSY)]
    Erasing,
    /// What is to be printed cannot be.
    #[error("the answer cannot be printed: {0}")]
    Output(#[source] std::io::Error),
    /// A policy file that would drop what was approved by request.
    #[error(
        "nothing was changed, for the file lacks what was approved by request: {0}; take it up from `umbra-collector policy export`, or give --drop-requested to end it"
    )]
    Dropped(String),
    /// The audit log is not what was written.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// The list of tokens is full.
    #[error("there are too many tokens; wait until some have been over for 30 days")]
    TooMany,
}

/// A text for a list: without what cannot be seen, and cut.
fn plain(text: &str, length: usize) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(length)
        .collect()
}

impl Place {
    fn settings(self) -> Result<Settings, ConfigError> {
        Settings::load(Options {
            data: self.data,
            database: self.database,
            config: self.config,
            ..Options::default()
        })
    }
}
