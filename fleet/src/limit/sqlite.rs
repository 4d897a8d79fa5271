//! SQLite: prepared statements on one connection.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};

use super::{COUNTS, NAMES, REST, TRANSACTION, Written};
use crate::stored::Upsert;

const OBSERVE: &str = "
    INSERT INTO observations (caller, destination, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (caller, destination, hour) DO UPDATE SET
        flows = flows + excluded.flows, bytes_out = bytes_out + excluded.bytes_out,
        bytes_in = bytes_in + excluded.bytes_in, first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen), evidence = min(evidence, excluded.evidence)";
const USE: &str = "
    INSERT INTO uses (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (caller, destination) DO UPDATE SET
        flows = flows + excluded.flows, bytes_out = bytes_out + excluded.bytes_out,
        bytes_in = bytes_in + excluded.bytes_in, first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen), evidence = min(evidence, excluded.evidence)";

/// Rows in memory.
pub(super) struct Tables(Vec<Table>);

struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Tables {
    pub(super) fn read(directory: &Path) -> Result<Self> {
        let database = open(directory, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let names = NAMES.into_iter().chain(COUNTS).chain(REST);
        names
            .map(|name| Table::read(&database, name))
            .collect::<Result<_>>()
            .map(Self)
    }

    fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Table> {
        self.0.iter().filter(move |table| names.contains(&table.name))
    }
}

impl Table {
    fn read(database: &Connection, name: &'static str) -> Result<Self> {
        let mut statement = database.prepare(&format!("SELECT * FROM {name}"))?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let rows = statement.query_map([], |row| {
            (0..columns.len()).map(|column| row.get(column)).collect()
        })?;
        Ok(Self {
            name,
            rows: rows
                .collect::<Result<_, _>>()
                .with_context(|| format!("cannot read {name}"))?,
            columns,
        })
    }

    fn insert(&self, database: &mut Connection) -> Result<u64> {
        let values = vec!["?"; self.columns.len()].join(", ");
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({values})",
            self.name,
            self.columns.join(", ")
        );
        for rows in self.rows.chunks(TRANSACTION) {
            let transaction = database.transaction()?;
            let mut statement = transaction.prepare_cached(&sql)?;
            for row in rows {
                statement.execute(params_from_iter(row))?;
            }
            drop(statement);
            transaction.commit()?;
        }
        Ok(self.rows.len() as u64)
    }
}

/// All rows as they are.
pub(super) fn insert(directory: &Path, tables: &Tables) -> Result<Written> {
    let mut database = open(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let start = Instant::now();
    let rows = tables
        .0
        .iter()
        .map(|table| table.insert(&mut database))
        .sum::<Result<u64>>()?;
    Ok(Written {
        rows,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Observations one by one, and the rows of the other tables as they are.
pub(super) fn upsert(directory: &Path, tables: &Tables, upserts: &[Upsert]) -> Result<Written> {
    let mut database = open(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let start = Instant::now();
    for table in tables.named(&NAMES) {
        table.insert(&mut database)?;
    }
    for batch in upserts.chunks(TRANSACTION) {
        let transaction = database.transaction()?;
        let mut observe = transaction.prepare_cached(OBSERVE)?;
        let mut use_ = transaction.prepare_cached(USE)?;
        for it in batch {
            let (sums, times) = (
                [it.flows, it.bytes_out, it.bytes_in],
                [it.first_seen, it.last_seen],
            );
            let ([flows, out, r#in], [first, last]) = (sums, times);
            observe.execute(params![
                it.caller,
                it.destination,
                it.hour,
                flows,
                out,
                r#in,
                first,
                last,
                it.evidence
            ])?;
            use_.execute(params![
                it.caller,
                it.destination,
                flows,
                out,
                r#in,
                first,
                last,
                it.evidence
            ])?;
        }
        drop((observe, use_));
        transaction.commit()?;
    }
    for table in tables.named(&REST) {
        table.insert(&mut database)?;
    }
    Ok(Written {
        rows: upserts.len() as u64,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// As the collector opens it (collector/src/store/sqlite.rs). That it has a WAL is written in the file.
fn open(directory: &Path, flags: OpenFlags) -> Result<Connection> {
    let database = Connection::open_with_flags(directory.join("umbra.db"), flags)
        .with_context(|| format!("cannot open the database in {}", directory.display()))?;
    database
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = memory")?;
    Ok(database)
}
