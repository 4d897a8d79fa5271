//! `umbra-fleet load`: what a collector carries.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::cluster::Cluster;
use crate::collector::Collector;
use crate::database::{Kind, Place};
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Hosts of the fleet, each with an agent
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    hosts: u32,
    /// Databases, parted by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "sqlite,postgres")]
    database: Vec<Kind>,
    /// The collector's program
    #[arg(long, value_name = "FILE")]
    collector: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    process::allow_files();
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    // A server that runs as another user must reach its own.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    for kind in &options.database {
        let cluster = match kind {
            Kind::Sqlite => None,
            Kind::Postgres => Some(
                Cluster::start(&folder.path().join("postgres"))?.context("PostgreSQL is not installed")?,
            ),
        };
        let place = match &cluster {
            None => Place::Directory(folder.path().join("sqlite")),
            Some(cluster) => Place::Postgres(cluster.database("umbra")?),
        };
        let collector = Collector::start(&options.collector, &place)?;
        let token = collector.token(options.hosts as usize)?;
        println!(
            "{kind}: {} {} {} {} KiB {} s, server {} s",
            collector.agents,
            collector.page,
            token.len(),
            process::resident(collector.pid())?,
            process::cpu(collector.pid())?,
            cluster
                .as_ref()
                .map_or(Ok(0.0), |it| process::cpu_of_tree(it.pid()))?,
        );
        collector.stop()?;
    }
    Ok(())
}
