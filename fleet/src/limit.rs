//! What the database itself can: the rows of a run, written by the fastest way that it has, with the durability, the
//! indexes and the references that the collector's store has.
//!
//! - *Bulk upsert*: each observation as it was sent, in the same order, added to its hour and to its use. This is the
//!   work that the collector asks of its database, without the collector.
//! - *Bulk insert*: the rows that are there in the end. Of many reports for an hour it writes one row.

mod postgres;
mod sqlite;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::authority::Authority;
use crate::bodies::Sums;
use crate::cluster::Cluster;
use crate::collector::Collector;
use crate::database::Place;
use crate::stored::{self, Upsert};

/// Rows, or observations, in a transaction.
const TRANSACTION: usize = 10_000;
/// Tables that reports fill, each after those that it refers to; the first four name what the others count.
const NAMES: [&str; 4] = ["agents", "programs", "destinations", "callers"];
const COUNTS: [&str; 2] = ["observations", "uses"];
const REST: [&str; 2] = ["streams", "findings"];

/// What it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
}

/// Both ways, each into an empty database of its own; fails when what is there then is not what was asked for.
pub(crate) async fn measure(
    from: &Place,
    upserts: &[Upsert],
    sums: Sums,
    collector: &Path,
    authority: &Authority,
    cluster: Option<&Cluster>,
) -> Result<[Written; 2]> {
    let (upserted, inserted) = match (from, cluster) {
        (Place::Directory(directory), _) => {
            let rows = sqlite::Tables::read(directory)?;
            let upserted = empty(directory, "upsert", collector, authority)?;
            let first = sqlite::upsert(&upserted, &rows, upserts)?;
            let inserted = empty(directory, "insert", collector, authority)?;
            let second = sqlite::insert(&inserted, &rows)?;
            (
                (Place::Directory(upserted), first),
                (Place::Directory(inserted), second),
            )
        }
        (Place::Postgres(url), Some(cluster)) => {
            let rows = postgres::Tables::read(url).await?;
            let upserted = cluster.emptied(url, "upsert")?;
            let first = postgres::upsert(&upserted, &rows, upserts).await?;
            let inserted = cluster.emptied(url, "insert")?;
            let second = postgres::insert(&inserted, &rows).await?;
            (
                (Place::Postgres(upserted), first),
                (Place::Postgres(inserted), second),
            )
        }
        (Place::Postgres(url), None) => anyhow::bail!("no server of our own at {url}"),
    };
    for (place, _) in [&upserted, &inserted] {
        for table in COUNTS {
            let (expected, found) = (
                Sums {
                    observations: 0,
                    ..sums
                },
                stored::sums(place, table).await?,
            );
            ensure!(
                found == expected,
                "{table} of {place:?}: {found:?}, not {expected:?}"
            );
        }
    }
    if let Place::Directory(directory) = &upserted.0 {
        std::fs::remove_dir_all(directory)?;
    }
    if let Place::Directory(directory) = &inserted.0 {
        std::fs::remove_dir_all(directory)?;
    }
    Ok([upserted.1, inserted.1])
}

/// A new data directory beside another, with the tables that the collector makes in it.
fn empty(beside: &Path, name: &str, collector: &Path, authority: &Authority) -> Result<std::path::PathBuf> {
    let directory = beside.with_file_name(name);
    Collector::start(collector, &Place::Directory(directory.clone()), authority)?.stop()?;
    Ok(directory)
}
