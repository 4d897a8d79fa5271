//! Copies a large store from SQLite into the empty tables that a collector made in PostgreSQL.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use umbra_collector::store::{Database, Location, Store};

use super::host::DAYS;

/// What a `COPY` is sent in, in bytes.
const CHUNK: usize = 1 << 20;
/// Tables that each database has rows of its own in.
const OWN: &str = "name NOT IN ('_sqlx_migrations', 'audit', 'audit_head', 'compatibility', 'life')";

/// Fills the database at `url` with the rows of `from`.
pub(crate) async fn copy(from: &Connection, url: &str, now: i64) -> Result<()> {
    let database: Database = url.parse()?;
    let store = Store::open(&Location::Postgres(database)).await?;
    for days in 0..=DAYS {
        let day = Timestamp::from_millisecond(now - days * 24 * 3_600_000)?;
        store.make_months_ahead(day).await?;
    }
    store.close().await;

    let mut to = PgConnection::connect(url).await?;
    // Rows that hold together already need no keys checked and no triggers run.
    sqlx::raw_sql("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        .execute(&mut to)
        .await?;
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
         AND indexname NOT IN (SELECT conname FROM pg_constraint) AND tablename NOT LIKE 'observations%'",
    )
    .fetch_all(&mut to)
    .await?;
    for (name, _) in &indexes {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP INDEX {name}")))
            .execute(&mut to)
            .await?;
    }
    let mut query = from.prepare(&format!(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND {OWN} AND name NOT LIKE 'sqlite%'"
    ))?;
    let tables: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in &tables {
        table(from, &mut to, name)
            .await
            .with_context(|| format!("cannot copy the table {name}"))?;
    }
    let (lived, seen): (i64, i64) = from.query_row("SELECT lived, seen FROM life", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    sqlx::query("UPDATE life SET lived = $1, seen = $2")
        .bind(lived)
        .bind(seen)
        .execute(&mut to)
        .await?;
    for (_, statement) in indexes {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut to).await?;
    }
    // As the server does by itself after a while.
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut to).await?;
    sqlx::raw_sql("CHECKPOINT").execute(&mut to).await?;
    to.close().await?;
    Ok(())
}

async fn table(from: &Connection, to: &mut PgConnection, name: &str) -> Result<()> {
    let mut rows = from.prepare(&format!("SELECT * FROM {name}"))?;
    let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
    let into = format!("COPY {name} ({}) FROM STDIN", columns.join(", "));
    let mut copy = to.copy_in_raw(&into).await?;
    let mut rows = rows.query([])?;
    let mut text = String::with_capacity(2 * CHUNK);
    while let Some(row) = rows.next()? {
        line(&mut text, row, columns.len())?;
        if text.len() > CHUNK {
            copy.send(text.as_bytes()).await?;
            text.clear();
        }
    }
    copy.send(text.as_bytes()).await?;
    copy.finish().await?;
    // Some tables have words for ids.
    let numbered: bool = from.query_row(
        "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?) WHERE name = 'id' AND type = 'INTEGER')",
        [name],
        |row| row.get(0),
    )?;
    if numbered {
        // The next number is one that no row has.
        sqlx::raw_sql(AssertSqlSafe(format!(
            "SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {name}))
             WHERE pg_get_serial_sequence('{name}', 'id') IS NOT NULL"
        )))
        .execute(&mut *to)
        .await?;
    }
    Ok(())
}

/// Adds a row in the text form of `COPY`.
fn line(text: &mut String, row: &Row<'_>, columns: usize) -> Result<()> {
    for column in 0..columns {
        if column > 0 {
            text.push('\t');
        }
        match row.get_ref(column)? {
            ValueRef::Null => text.push_str("\\N"),
            ValueRef::Integer(number) => write!(text, "{number}")?,
            ValueRef::Real(number) => write!(text, "{number}")?,
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                for character in std::str::from_utf8(bytes)?.chars() {
                    match character {
                        '\\' => text.push_str("\\\\"),
                        '\t' => text.push_str("\\t"),
                        '\n' => text.push_str("\\n"),
                        '\r' => text.push_str("\\r"),
                        other => text.push(other),
                    }
                }
            }
        }
    }
    text.push('\n');
    Ok(())
}
