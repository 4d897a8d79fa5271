//! A large store, and how long pages and API take on it.

mod copy;
mod fill;
mod form;
mod host;
mod world;

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use umbra_collector::store::{Location, Store};

use crate::cluster::Cluster;
use crate::database::{Kind, Place};
use crate::latency::{self, Facts, Plan};

/// What the collector calls its database.
const FILE: &str = "umbra.db";
/// The same fleet each time.
const SEED: u64 = 5;
/// The name of the database in PostgreSQL.
const DATABASE: &str = "umbra";

/// How many of what there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) hosts: u64,
    pub(crate) callers: u64,
    /// Hourly observations.
    pub(crate) hours: u64,
}

impl Size {
    /// 50,000 hosts, a million callers and ten million hours, times `scale`.
    fn scaled(scale: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "scales are from 0.001 to 10"
        )]
        let hosts = (50_000.0 * scale) as u64;
        Self {
            hosts,
            callers: 20 * hosts,
            hours: 200 * hosts,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How large, 1 being 50,000 hosts, 1,000,000 callers and 10,000,000 hourly observations.
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    large_scale: f64,
    /// Databases, parted by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres")]
    database: Vec<Kind>,
    /// Where large stores are kept; `target/fleet` unless it says.
    #[arg(long)]
    stores: Option<PathBuf>,
    #[command(flatten)]
    plan: Plan,
    /// Also writes the figures into this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "a number, please".to_owned())?;
    if (0.001..=10.0).contains(&scale) {
        Ok(scale)
    } else {
        Err("from 0.001 to 10".to_owned())
    }
}

/// Makes the stores that are missing, asks each, and prints what it took; whether all of it was within the goal.
pub(crate) async fn run(options: &Options) -> Result<()> {
    // reqwest wants one, though nothing here speaks TLS.
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("a TLS provider is installed already"))?;
    let size = Size::scaled(options.large_scale);
    let stores = options.stores.clone().unwrap_or_else(folder);
    let folder = stores.join(format!("large-{}", form::name(size, SEED).await?));
    let sqlite = sqlite(&folder, size).await?;
    let file = sqlite.join(FILE);
    let facts = Facts::of(&Connection::open_with_flags(
        &file,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?)?;
    eprintln!("umbra-fleet: {facts}");
    let mut figures = Vec::new();
    for kind in &options.database {
        let cluster = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(postgres(&folder, &file).await?),
        };
        let place = match &cluster {
            None => Place::Directory(sqlite.clone()),
            Some(cluster) => Place::Postgres(cluster.url(DATABASE)),
        };
        figures.extend(latency::measure(*kind, &place, &facts, &options.plan).await?);
    }
    println!("{}", latency::table(&figures));
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string_pretty(&figures)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Beside what was built.
fn folder() -> PathBuf {
    let target = env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.to_owned()));
    target.unwrap_or_else(|| PathBuf::from("target")).join("fleet")
}

/// The data directory with the large store in SQLite, made when it is not there.
async fn sqlite(folder: &Path, size: Size) -> Result<PathBuf> {
    let (ready, part) = (folder.join("sqlite"), folder.join("sqlite.part"));
    if ready.exists() {
        return Ok(ready);
    }
    let start = Instant::now();
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
    let store = Store::open(&Location::Directory(part.clone())).await?;
    store.close().await;
    drop(store);
    let mut database = Connection::open(part.join(FILE))?;
    fill::fill(&mut database, size, SEED, Timestamp::now().as_millisecond())?;
    database.close().map_err(|(_, error)| error)?;
    fs::rename(&part, &ready)?;
    eprintln!("umbra-fleet: filled SQLite in {:.0?}", start.elapsed());
    Ok(ready)
}

/// A server with the large store, copied when it is not there.
async fn postgres(folder: &Path, file: &Path) -> Result<Cluster> {
    let (ready, part) = (folder.join("postgres"), folder.join("postgres.part"));
    let start = |folder: &Path| Cluster::start(folder)?.context("PostgreSQL is not installed");
    if !ready.exists() {
        let begun = Instant::now();
        let _ = fs::remove_dir_all(&part);
        let cluster = start(&part)?;
        let url = cluster.database(DATABASE)?;
        let from = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let now = from.query_row("SELECT seen FROM life", [], |row| row.get(0))?;
        copy::copy(&from, &url, now).await?;
        drop(cluster);
        fs::rename(&part, &ready)?;
        eprintln!("umbra-fleet: filled PostgreSQL in {:.0?}", begun.elapsed());
    }
    start(&ready)
}
