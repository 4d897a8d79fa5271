//! PostgreSQL, which any number of collectors share.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};

use super::sessions::{self, Sessions, Way};
use super::{Database, Month, PATIENCE, StoreError, migrations};

/// Connections of one collector.
pub(super) const CONNECTIONS: u32 = 10;

/// Of these, how many store reports at the same time: while one waits for the disk, others are read.
pub(super) const WRITERS: usize = 4;

/// Names the lock under which tables are brought to another form: "umbra" and "mig" as bytes.
const LOCK: i64 = 0x756d_6272_616d_6967;

/// How often a lock that another collector has is tried.
const LOCK_AGAIN: Duration = Duration::from_millis(200);

/// A collector's connections.
#[derive(Debug)]
pub(super) struct Postgres {
    pub(super) sessions: Sessions,
    /// Months that have a partition, as far as this collector knows; it may be wrong at any time.
    pub(super) months: Mutex<BTreeSet<Month>>,
}

impl Postgres {
    /// Connects, and brings the tables to this version's form.
    pub(super) async fn open(database: &Database) -> Result<Self, StoreError> {
        let options = database.options();
        // By connections of their own first: a pool tries until its time is up, and then cannot say what was wrong.
        let way = tokio::time::timeout(PATIENCE, Way::of(options))
            .await
            .map_err(|_| StoreError::Waiting)??;
        if way != Way::Direct {
            tracing::info!("PostgreSQL is reached {way}");
        }
        migrate(options, way).await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE);
        let pool = match way {
            Way::Direct => pool.after_connect(|connection, _| Box::pin(sessions::set(connection))),
            Way::Pooled => pool,
            // What it prepared in the last transaction is elsewhere.
            Way::PooledWithoutStatements => pool.before_acquire(|connection, _| {
                Box::pin(async move {
                    connection.clear_cached_statements().await?;
                    Ok(true)
                })
            }),
        };
        let pool = pool.connect_with(options.clone()).await?;
        Ok(Self {
            sessions: Sessions { pool, way },
            months: Mutex::default(),
        })
    }
}

/// Brings the tables to this version's form; without the bounds of the store's statements, as a migration may have a
/// large inventory to go through.
async fn migrate(options: &PgConnectOptions, way: Way) -> Result<(), StoreError> {
    // Held by a transaction, which keeps its session wherever it goes; a connection that breaks gives it back. Asked for
    // again and again, and not waited for: collectors that wait would have all of a pooler's sessions, and whoever has the
    // lock none to work in.
    let mut guard = PgConnection::connect_with(options).await?;
    let held = loop {
        let mut held = guard
            .begin_with("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            .await?;
        let ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(LOCK)
            .persistent(false)
            .fetch_one(&mut *held)
            .await?;
        if ours {
            break held;
        }
        held.rollback().await?;
        tokio::time::sleep(LOCK_AGAIN).await;
    };
    let mut connection = PgConnection::connect_with(options).await?;
    let migrations = migrations::postgres();
    if way == Way::PooledWithoutStatements {
        // All at once: between two transactions the statements of this one would be lost.
        let mut transaction = connection.begin_with(way.begin()).await?;
        sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            .execute(&mut *transaction)
            .await?;
        migrations.run_direct(None, &mut *transaction, false).await?;
        transaction.commit().await?;
    } else {
        migrations.run_direct(None, &mut connection, false).await?;
    }
    held.rollback().await?;
    connection.close().await?;
    guard.close().await?;
    Ok(())
}
