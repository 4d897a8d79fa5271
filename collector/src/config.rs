//! What the collector is told: options of the command line, over the file that `--config` names, over defaults.

mod agents;
mod directory;
mod file;
mod limits;
mod retention;
mod routes;
mod watch;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::alerts::Route;
use crate::findings::Watch;
use crate::ingest::Limits;
use crate::names::Names;
use crate::retention::Retention;
use crate::store::{Database, DatabaseError, Location};
pub use agents::Agents;
pub(crate) use agents::MISSING;
use file::File;

/// Where the collector listens unless told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8600);

/// Options of `umbra-collector serve` and `check`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Address and port to listen on; loopback only [default: 127.0.0.1:8600]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Address and port to take agents of other hosts at, over HTTPS with certificates [default: none]
    #[arg(long, value_name = "ADDR")]
    pub agents: Option<SocketAddr>,
    /// Directory of the database [default: /var/lib/umbra-collector as root, else ~/.local/state/umbra-collector]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL database in place of SQLite in the data directory: `postgres://USER@HOST/DATABASE`
    ///
    /// A password is safer in this variable, in the configuration file, or in the file that PGPASSFILE names.
    #[arg(long, value_name = "URL", env = "UMBRA_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Address that is sent each new finding
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Certificate chain in PEM: serve HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
}

/// What the collector runs with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to listen on: loopback.
    pub listen: SocketAddr,
    /// The listener for agents; without it only this machine's report, and do not enrol.
    pub agents: Option<Agents>,
    /// The authority for agents, unless it is that of the data directory.
    pub authority: Option<Tls>,
    /// Directory of the database.
    pub data: PathBuf,
    /// PostgreSQL in its place.
    pub database: Option<Database>,
    /// After how long a silence an agent is missing.
    pub missing: Duration,
    /// For how long what is kept.
    pub retention: Retention,
    /// What is watched for in the background.
    pub watch: Watch,
    /// Certificate and key.
    pub tls: Option<Tls>,
    /// The webhook, which is a route of its own.
    pub webhook: Option<Url>,
    /// The other routes for alerts.
    pub routes: Vec<Route>,
    /// The page's address as people know it; by default the one that the collector listens on.
    pub page: Option<Url>,
    /// Names that requests may be for, besides those of this machine and the page's.
    pub hosts: Vec<String>,
    /// Whether people are named to those who ask.
    pub names: Names,
    /// Whether a reverse proxy says who asks (`X-Forwarded-For`).
    pub forwarded: bool,
    /// Whether anybody may read the metrics.
    pub open_metrics: bool,
    /// Limits of requests.
    pub limits: Limits,
}

/// Files of a TLS server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Why the collector cannot run with what it is told.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {source}; give --config a TOML file that this user may read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is wrong.
    #[error("line {line} of the configuration file {} is wrong: {reason}; mend it, and try it with `umbra-collector check`", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// An address that other machines reach.
    #[error(
        "refusing to listen on {0}: agents of this machine report here without a certificate, so only this machine may reach it; listen on 127.0.0.1 and put a reverse proxy with HTTPS in front for people; agents of other hosts have an address of their own, --agents"
    )]
    Exposed(SocketAddr),
    /// A database that cannot be.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A URL that is none, or not one for HTTP.
    #[error("{option} must be a URL that begins with http:// or https://")]
    Url {
        /// Which option.
        option: &'static str,
    },
    /// A route that cannot be.
    #[error("the route {route:?} under [[routes]] {reason}")]
    Route {
        /// Its name.
        route: String,
        /// What is wrong, with the remedy.
        reason: String,
    },
    /// More routes than a collector has tasks for.
    #[error("there are more than {most} routes; let some of them share a receiver")]
    TooManyRoutes {
        /// As many as there may be.
        most: usize,
    },
    /// Half of certificate and key.
    #[error(
        "HTTPS needs both a certificate and its key: --tls-cert and --tls-key, or cert and key under [tls]"
    )]
    HalfTls,
    /// Half of the authority.
    #[error("an authority is both a certificate and its key: give cert and key under [agents.authority]")]
    HalfAuthority,
    /// Hours that outlast their callers.
    #[error(
        "inventory_months under [retention] must not be less than observations_months: hours are callers' hours"
    )]
    Retention,
    /// A number that is too small or too large.
    #[error("{key} under [{section}] must be from {low} to {high}")]
    Range {
        /// Where.
        section: &'static str,
        /// Which key.
        key: &'static str,
        /// Smallest.
        low: u64,
        /// Largest.
        high: u64,
    },
    /// There is no place for the database.
    #[error("there is no home directory to keep the database in; give --data a directory")]
    NoData,
}

impl Settings {
    /// Reads the configuration file, puts the options over it and checks the whole.
    pub fn load(options: Options) -> Result<Self, ConfigError> {
        let file = options
            .config
            .as_deref()
            .map(File::read)
            .transpose()?
            .unwrap_or_default();
        let listen = options.listen.or(file.listen).unwrap_or(LISTEN);
        if !listen.ip().is_loopback() {
            return Err(ConfigError::Exposed(listen));
        }
        let database = options.database.or(file.database);
        let database = database.map(|url| url.parse()).transpose()?;
        let tls = match (
            options.tls_cert.or(file.tls.cert),
            options.tls_key.or(file.tls.key),
        ) {
            (Some(cert), Some(key)) => Some(Tls { cert, key }),
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls),
        };
        let missing = agents::missing(&file.agents)?;
        let (agents, authority) = Agents::new(options.agents, file.agents)?;
        let data = options.data.or(file.data).or_else(directory::default);
        Ok(Self {
            listen,
            agents,
            authority,
            data: data.ok_or(ConfigError::NoData)?,
            database,
            missing,
            retention: retention::of(&file.retention)?,
            watch: watch::of(&file.findings, missing)?,
            tls,
            webhook: url("--webhook", options.webhook.or(file.webhook.url))?,
            routes: routes::of(file.routes)?,
            page: url("page.url", file.page.url)?,
            hosts: file.page.hosts,
            names: file.people.names,
            forwarded: file.page.forwarded,
            open_metrics: file.metrics.open,
            limits: limits::of(&file.limits)?,
        })
    }
}

impl Settings {
    /// Where the inventory is kept.
    pub fn location(&self) -> Location {
        match &self.database {
            Some(database) => Location::Postgres(database.clone()),
            None => Location::Directory(self.data.clone()),
        }
    }

    /// The page's address, or where it listens when nobody has said: for what is written without a collector.
    pub(crate) fn own_page(&self) -> Url {
        let listens = || {
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            Url::parse(&format!("{scheme}://{}", self.listen)).ok()
        };
        #[expect(
            clippy::expect_used,
            reason = "a scheme and a socket address always make a URL"
        )]
        self.page.clone().or_else(listens).expect("a URL")
    }

    /// Where alerts go: every route, that of `--webhook` among them.
    pub fn all_routes(&self) -> Vec<Route> {
        let webhook = self.webhook.clone().map(Route::webhook);
        webhook.into_iter().chain(self.routes.iter().cloned()).collect()
    }
}

/// The settings as they are logged and printed, without the database's password; of the webhook only where it is, as the rest is often a secret.
impl fmt::Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "listen  = {}", self.listen)?;
        match &self.agents {
            Some(agents) => writeln!(
                formatter,
                "agents  = {}, as {}",
                agents.listen,
                agents.names.join(", ")
            )?,
            None => writeln!(formatter, "agents  = on this machine only")?,
        }
        match &self.database {
            Some(database) => writeln!(formatter, "data    = {database}")?,
            None => writeln!(formatter, "data    = {}", self.data.display())?,
        }
        let Retention {
            observations,
            inventory,
            findings,
            requests,
            alerts,
            losses,
        } = self.retention;
        writeln!(
            formatter,
            "kept    = {observations} months of observations, {inventory} of the inventory, {findings} of settled \
             findings, {requests} of decided requests, {alerts} of alerts, {losses} of losses"
        )?;
        if self.names == Names::Pseudonyms {
            writeln!(formatter, "people  = by pseudonyms")?;
        }
        match &self.tls {
            Some(tls) => writeln!(
                formatter,
                "tls     = {}, {}",
                tls.cert.display(),
                tls.key.display()
            )?,
            None => writeln!(formatter, "tls     = off")?,
        }
        match &self.webhook {
            Some(webhook) => writeln!(formatter, "webhook = {}", webhook.origin().ascii_serialization())?,
            None => writeln!(formatter, "webhook = none")?,
        }
        for route in &self.routes {
            writeln!(formatter, "route   = {route}")?;
        }
        match &self.page {
            Some(page) => writeln!(formatter, "page    = {page}")?,
            None => writeln!(formatter, "page    = where it listens")?,
        }
        writeln!(formatter, "hosts   = {}", self.hosts.join(", "))
    }
}

fn url(option: &'static str, text: Option<String>) -> Result<Option<Url>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        _ => Err(ConfigError::Url { option }),
    }
}

#[cfg(test)]
mod tests;
