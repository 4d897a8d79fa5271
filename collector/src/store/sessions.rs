//! How statements reach PostgreSQL. A pooler, such as `PgBouncer` in transaction pooling, may give each transaction another
//! session: what one sets is then lost, or meets others, and a statement that was prepared is not there. So behind one
//! all that is asked runs in a transaction, which begins with what it needs.

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{TryFutureExt as _, TryStreamExt as _};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{
    Connection as _, Describe, Either, Error, Execute, Executor, PgPool, Postgres, Row as _, SqlStr,
    Transaction,
};

/// How often two connections take turns to see whether they are kept apart: a pooler that has sessions to spare may
/// give each its own for a while.
const TURNS: u32 = 8;

/// What the names begin with that sqlx gives to prepared statements (sqlx-postgres, `StatementId`).
const SQLX: &str = "sqlx_s_";

/// What nothing may last longer than, nor hold others up for; and what is committed outlives a crash, also where the
/// server is set to answer sooner: an agent lets go of what was acknowledged. What is asked is looked up by index, row
/// by row: to compile that (`jit`), or to start helpers for it (`parallel`), costs more than it saves, whatever
/// PostgreSQL thinks of its price.
macro_rules! settings {
    ($set:literal, $local:literal) => {
        concat!(
            $set,
            " statement_timeout = '60s'; ",
            $set,
            " lock_timeout = '10s'; ",
            $set,
            " idle_in_transaction_session_timeout = '60s'; ",
            $set,
            " jit = off; ",
            $set,
            " max_parallel_workers_per_gather = 0; SELECT set_config('synchronous_commit', 'on', ",
            $local,
            ") WHERE current_setting('synchronous_commit') = 'off'"
        )
    };
}

const BEGIN: &str = concat!("BEGIN; ", settings!("SET LOCAL", "true"));
/// Statements of the same names, which others left in this session, would be taken for ours.
const BEGIN_AFRESH: &str = concat!("BEGIN; DEALLOCATE ALL; ", settings!("SET LOCAL", "true"));

/// What is between a collector and its PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing, or what keeps a session for each connection.
    Direct,
    /// A pooler that gives each transaction a session, and knows which of them has which prepared statement.
    Pooled,
    /// A pooler that does not.
    PooledWithoutStatements,
}

impl Way {
    /// Finds out, by two connections.
    pub(super) async fn of(options: &PgConnectOptions) -> Result<Self, Error> {
        let mut one = PgConnection::connect_with(options).await?;
        let mut other = PgConnection::connect_with(options).await?;
        let mut way = Self::Direct;
        for _ in 0..TURNS {
            let (before, others) = (session(&mut one).await?, session(&mut other).await?);
            if before == others || before != session(&mut one).await? {
                way = Self::Pooled;
            }
        }
        if way == Self::Pooled && !keeps_statements(&mut one).await? {
            way = Self::PooledWithoutStatements;
        }
        one.close().await?;
        other.close().await?;
        Ok(way)
    }

    /// How a transaction begins.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Direct => "BEGIN",
            Self::Pooled => BEGIN,
            Self::PooledWithoutStatements => BEGIN_AFRESH,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Direct => "directly",
            Self::Pooled => "through a pooler of transactions",
            Self::PooledWithoutStatements => {
                "through a pooler of transactions that forgets prepared statements, so each is prepared anew \
                 (PgBouncer 1.21 or later keeps them: max_prepared_statements)"
            }
        })
    }
}

/// The server's process that answers.
async fn session(connection: &mut PgConnection) -> Result<i32, Error> {
    // By no prepared statement.
    let row = connection
        .fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()"))
        .await?;
    row.try_get(0)
}

/// Whether the pooler knows prepared statements. As clients choose the same names, one that does gives each a name of its
/// own in the session (`PgBouncer` 1.21: `PGBOUNCER_1`), and that shows. Seen in one transaction, so that no other collector
/// can be in between: by what two connections find of each other's statements it may look as if they were kept, because
/// others hold, or empty, the session where they would meet.
async fn keeps_statements(connection: &mut PgConnection) -> Result<bool, Error> {
    let mut transaction = connection.begin().await?;
    let prepared: Result<PgRow, Error> = sqlx::query("SELECT CAST($1 AS BIGINT) AS umbra_asks")
        .bind(1_i64)
        .fetch_one(&mut *transaction)
        .await;
    match prepared {
        Err(error) if is_mixed_up(&error) => return Ok(false),
        prepared => prepared?,
    };
    let names = transaction
        .fetch_all(sqlx::raw_sql(
            "SELECT name FROM pg_prepared_statements
             WHERE statement = 'SELECT CAST($1 AS BIGINT) AS umbra_asks' ORDER BY prepare_time DESC LIMIT 1",
        ))
        .await?;
    let name: Option<String> = names.first().map(|row| row.try_get(0)).transpose()?;
    transaction.commit().await?;
    Ok(name.is_some_and(|name| !name.starts_with(SQLX)))
}

/// Whether a prepared statement is missing, or is there already.
fn is_mixed_up(error: &Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("26000" | "42P05"))
}

/// The settings of a connection that has its session for itself.
pub(super) async fn set(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::raw_sql(settings!("SET", "false"))
        .execute(connection)
        .await?;
    Ok(())
}

/// Connections, and what they must do for their session to be as it should. A statement may be run on it as on a pool.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    pub(super) pool: PgPool,
    pub(super) way: Way,
}

impl Sessions {
    /// Statements that hold together.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.pool.begin_with(self.way.begin()).await
    }
}

impl<'c> Executor<'c> for &'_ Sessions {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.way == Way::Direct {
            return self.pool.fetch_many(query);
        }
        let sessions = self.clone();
        let steps = async move {
            let mut transaction = sessions.begin().await?;
            let steps: Vec<_> = transaction.fetch_many(query).try_collect().await?;
            transaction.commit().await?;
            Ok::<_, Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        Box::pin(steps.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.way == Way::Direct {
            return self.pool.fetch_optional(query);
        }
        let sessions = self.clone();
        Box::pin(async move {
            let mut transaction = sessions.begin().await?;
            let row = transaction.fetch_optional(query).await?;
            transaction.commit().await?;
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        self.pool.describe(sql)
    }
}
