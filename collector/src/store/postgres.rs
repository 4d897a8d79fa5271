//! PostgreSQL, which any number of collectors share.

use std::collections::BTreeSet;
use std::sync::Mutex;

use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

use super::{Database, Month, PATIENCE, StoreError, migrations};

/// Connections of one collector.
pub(super) const CONNECTIONS: u32 = 10;

/// Of these, how many store reports at the same time: while one waits for the disk, others are read.
pub(super) const WRITERS: usize = 4;

/// A collector's connections.
#[derive(Debug)]
pub(super) struct Postgres {
    pub(super) pool: PgPool,
    /// Months that have a partition, as far as this collector knows; it may be wrong at any time.
    pub(super) months: Mutex<BTreeSet<Month>>,
}

impl Postgres {
    /// Connects, and brings the tables to this version's form.
    pub(super) async fn open(database: &Database) -> Result<Self, StoreError> {
        // By itself first: a pool tries until its time is up, and then cannot say what was wrong.
        let first = PgConnection::connect_with(database.options());
        let mut first = tokio::time::timeout(PATIENCE, first)
            .await
            .map_err(|_| StoreError::Waiting)??;
        // Without the bounds of the others: a migration may have a large inventory to go through.
        let migrated = migrations::postgres().run_direct(None, &mut first, false).await;
        // Also gives back the lock that keeps other collectors from migrating.
        first.close().await?;
        migrated?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(|connection, _| Box::pin(bound(connection)))
            .connect_with(database.options().clone())
            .await?;
        Ok(Self {
            pool,
            months: Mutex::default(),
        })
    }
}

/// Nothing that this connection does lasts for ever, nor does it hold up others for ever; and what it commits outlives
/// a crash, also where the server is set to answer sooner: an agent lets go of what was acknowledged.
async fn bound(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "SET statement_timeout = '60s'; SET lock_timeout = '10s';
         SET idle_in_transaction_session_timeout = '60s';
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    )
    .execute(connection)
    .await?;
    Ok(())
}
