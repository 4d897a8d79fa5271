//! `umbra-fleet load`: what a collector carries.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use umbra_catalog::Catalogue;

use crate::authority::Authority;
use crate::cluster::Cluster;
use crate::database::{Kind, Place};
use crate::enrolment::Applicant;
use crate::hosts::{Fleet, Host};
use crate::table::Table;
use crate::throughput::{self, Plan};
use crate::{bodies, memory, process};

/// Of so many hosts one catches up after an outage.
const LATE: usize = 5;
/// Files that are open beside connections.
const OTHER_FILES: u64 = 200;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Hosts of the fleet, each with an agent
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    hosts: u32,
    /// Seconds for which reports are sent in each round
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often reports are sent, and the same rows written by the database's own means
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Reports on their way at the same time
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1000))]
    at_once: u32,
    /// Minutes that a report is of in a second case, as after an outage; 0 leaves it out
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=600))]
    outage: u32,
    /// Make a new connection for each report, with its TLS handshake
    #[arg(long)]
    reconnect: bool,
    /// Numbers of agents with which memory is measured, parted by commas
    #[arg(long, value_delimiter = ',', default_value = "1000,5000")]
    memory: Vec<usize>,
    /// Databases, parted by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres")]
    database: Vec<Kind>,
    /// What the fleet is made of by chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The collector's program
    #[arg(long, value_name = "FILE")]
    collector: PathBuf,
    /// Put all figures into this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let hosts = usize::try_from(options.hosts)?;
    let most = options
        .memory
        .iter()
        .copied()
        .max()
        .unwrap_or_default()
        .max(hosts);
    ensure!(
        process::allow_files() >= most as u64 + OTHER_FILES,
        "the system lets this process open too few files for {most} connections: raise `ulimit -Hn`"
    );
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    // A server that runs as another user must reach its own.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;

    eprintln!("fleet: making {hosts} hosts and their reports");
    let catalogue = Catalogue::builtin();
    let fleet = Fleet::new(options.seed, &catalogue, Timestamp::now());
    let hosts = fleet.hosts(hosts);
    let applicants: Result<Vec<_>> = hosts
        .iter()
        .map(|host| Applicant::new(host.agent.clone()).map(Arc::new))
        .collect();
    let authority = Arc::new(Authority::new()?);
    let applicants = applicants?;
    let plan = Plan {
        collector: &options.collector,
        authority: &authority,
        applicants: &applicants,
        bodies: &Arc::new(bodies::of(&mut hosts.clone(), 1)?),
        minutes: 1,
        hosts: &hosts,
        at_once: usize::try_from(options.at_once)?,
        reconnect: options.reconnect,
        duration: Duration::from_secs(options.seconds),
        rounds: options.rounds,
    };
    // Fewer, so that most of what is sent adds to rows that are there, as it does after an outage.
    let late = hosts.len().div_ceil(LATE);
    let behind = hosts[..late].iter().cloned();
    let behind: Vec<Host<'_>> = behind.map(|host| host.catching_up(options.outage)).collect();
    let outage = Plan {
        applicants: &applicants[..late],
        bodies: &Arc::new(bodies::of(&mut behind.clone(), options.outage)?),
        minutes: options.outage,
        hosts: &behind,
        at_once: plan.at_once.min(late),
        ..plan
    };
    let cases = [&plan, &outage];
    let cases = &cases[..if options.outage == 0 { 1 } else { 2 }];

    let mut table = Table::begin();
    for &kind in &options.database {
        let cluster = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => {
                let cluster = Cluster::start(&folder.path().join("postgres"))?;
                Some(cluster.context("PostgreSQL is not installed; `cargo xtask setup` brings it")?)
            }
        };
        let empty = || empty(folder.path(), cluster.as_ref());
        for plan in cases {
            throughput::measure(plan, kind, cluster.as_ref(), empty, &mut table).await?;
        }
        let place = empty()?;
        memory::measure(
            &options.collector,
            &authority,
            &fleet,
            &options.memory,
            (kind, &place),
            &mut table,
        )
        .await?;
    }
    print!("{}", table.text());
    if let Some(path) = &options.json {
        let json = serde_json::to_vec_pretty(&table)?;
        fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// An empty database in place of the one before.
fn empty(folder: &Path, cluster: Option<&Cluster>) -> Result<Place> {
    if let Some(cluster) = cluster {
        return Ok(Place::Postgres(cluster.database("umbra")?));
    }
    let directory = folder.join("sqlite");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    Ok(Place::Directory(directory))
}
