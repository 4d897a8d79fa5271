//! What a large store is made of, as a name: the same name is the same rows, so it is made once.

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use umbra_collector::store::{Location, Store};

use super::Size;

/// To be raised when other rows are made.
const EDITION: u32 = 1;

/// The name of the store that this collector's tables, this size and this seed give.
pub(crate) async fn name(size: Size, seed: u64) -> Result<String> {
    let directory = tempfile::tempdir().context("cannot make a directory to look at empty tables in")?;
    let store = Store::open(&Location::Directory(directory.path().to_owned())).await?;
    store.close().await;
    let database = Connection::open(directory.path().join("umbra.db"))?;
    let mut migrations = database.prepare("SELECT checksum FROM _sqlx_migrations ORDER BY version")?;
    let mut hash = Sha256::new();
    for checksum in migrations.query_map([], |row| row.get::<_, Vec<u8>>(0))? {
        hash.update(checksum?);
    }
    hash.update(format!("{EDITION} {seed} {size:?}"));
    Ok(format!("{:x}", hash.finalize()).chars().take(12).collect())
}
