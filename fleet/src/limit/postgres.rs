//! PostgreSQL: COPY in its binary form for rows, one statement with arrays for upserts, on one connection.

use std::time::Instant;

use anyhow::{Context as _, Result};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio_stream::StreamExt as _;

use super::{COUNTS, NAMES, REST, TRANSACTION, Written};
use crate::stored::Upsert;

/// What COPY's binary form begins with: signature, no flags, no extension; and what it ends with
/// (<https://www.postgresql.org/docs/current/sql-copy.html>, 'Binary Format').
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1i16).to_be_bytes();

const OBSERVE: &str = "
    INSERT INTO observations AS o (caller, destination, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    SELECT caller, destination, hour, CAST(sum(flows) AS BIGINT), CAST(sum(bytes_out) AS BIGINT),
           CAST(sum(bytes_in) AS BIGINT), min(first_seen), max(last_seen), min(evidence)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[], $9::bigint[])
         AS t (caller, destination, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    GROUP BY caller, destination, hour
    ON CONFLICT (caller, destination, hour) DO UPDATE SET
        flows = o.flows + excluded.flows, bytes_out = o.bytes_out + excluded.bytes_out,
        bytes_in = o.bytes_in + excluded.bytes_in, first_seen = least(o.first_seen, excluded.first_seen),
        last_seen = greatest(o.last_seen, excluded.last_seen), evidence = least(o.evidence, excluded.evidence)";
const USE: &str = "
    INSERT INTO uses AS u (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    SELECT caller, destination, CAST(sum(flows) AS BIGINT), CAST(sum(bytes_out) AS BIGINT),
           CAST(sum(bytes_in) AS BIGINT), min(first_seen), max(last_seen), min(evidence)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                $8::bigint[])
         AS t (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
    GROUP BY caller, destination
    ON CONFLICT (caller, destination) DO UPDATE SET
        flows = u.flows + excluded.flows, bytes_out = u.bytes_out + excluded.bytes_out,
        bytes_in = u.bytes_in + excluded.bytes_in, first_seen = least(u.first_seen, excluded.first_seen),
        last_seen = greatest(u.last_seen, excluded.last_seen), evidence = least(u.evidence, excluded.evidence)";

/// Rows in memory, in the form in which COPY gives and takes them.
pub(super) struct Tables(Vec<Table>);

struct Table {
    name: &'static str,
    bytes: Vec<u8>,
    /// Where each row ends; the first begins behind the head.
    ends: Vec<usize>,
}

impl Tables {
    pub(super) async fn read(url: &str) -> Result<Self> {
        let mut database = connect(url).await?;
        let mut tables = Vec::new();
        for name in NAMES.into_iter().chain(COUNTS).chain(REST) {
            tables.push(Table::read(&mut database, name).await?);
        }
        database.close().await?;
        Ok(Self(tables))
    }

    fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Table> {
        self.0.iter().filter(move |table| names.contains(&table.name))
    }
}

impl Table {
    async fn read(database: &mut PgConnection, name: &'static str) -> Result<Self> {
        // Not `COPY observations TO`: that has partitions.
        let sql = format!("COPY (SELECT * FROM {name}) TO STDOUT (FORMAT binary)");
        let mut parts = database.copy_out_raw(&sql).await?;
        let mut bytes = Vec::new();
        while let Some(part) = parts.next().await {
            bytes.extend_from_slice(&part?);
        }
        let ends = ends(&bytes).with_context(|| format!("{name} does not come in COPY's binary form"))?;
        Ok(Self { name, bytes, ends })
    }

    async fn insert(&self, database: &mut PgConnection) -> Result<u64> {
        let sql = format!("COPY {} FROM STDIN (FORMAT binary)", self.name);
        let mut from = HEAD.len();
        for rows in self.ends.chunks(TRANSACTION) {
            let to = rows.last().copied().unwrap_or(from);
            let mut copy = database.copy_in_raw(&sql).await?;
            copy.send(HEAD).await?;
            copy.send(&self.bytes[from..to]).await?;
            copy.send(&END[..]).await?;
            copy.finish().await?;
            from = to;
        }
        Ok(self.ends.len() as u64)
    }
}

/// Where each row ends: it is a number of fields, and each of these a length (-1: NULL) with so many bytes.
fn ends(bytes: &[u8]) -> Option<Vec<usize>> {
    let mut ends = Vec::new();
    let mut at = HEAD.len();
    loop {
        let fields = i16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
        if fields < 0 {
            return Some(ends);
        }
        at += 2;
        for _ in 0..fields {
            let length = i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
            at += 4 + usize::try_from(length).unwrap_or_default();
        }
        ends.push(at);
    }
}

/// All rows as they are. Each COPY is a transaction of its own.
pub(super) async fn insert(url: &str, tables: &Tables) -> Result<Written> {
    let mut database = connect(url).await?;
    let start = Instant::now();
    let mut rows = 0;
    for table in &tables.0 {
        rows += table.insert(&mut database).await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    database.close().await?;
    Ok(Written { rows, seconds })
}

/// Observations in batches, and the rows of the other tables as they are.
pub(super) async fn upsert(url: &str, tables: &Tables, upserts: &[Upsert]) -> Result<Written> {
    let mut database = connect(url).await?;
    let start = Instant::now();
    for table in tables.named(&NAMES) {
        table.insert(&mut database).await?;
    }
    for batch in upserts.chunks(TRANSACTION) {
        let column = |of: fn(&Upsert) -> i64| batch.iter().map(of).collect::<Vec<i64>>();
        let (callers, destinations, hours) = (
            column(|it| it.caller),
            column(|it| it.destination),
            column(|it| it.hour),
        );
        let counts = [
            column(|it| it.flows),
            column(|it| it.bytes_out),
            column(|it| it.bytes_in),
        ];
        let facts = [
            column(|it| it.first_seen),
            column(|it| it.last_seen),
            column(|it| it.evidence),
        ];
        let mut transaction = database.begin().await?;
        let mut observe = sqlx::query(OBSERVE)
            .bind(&callers)
            .bind(&destinations)
            .bind(&hours);
        let mut use_ = sqlx::query(USE).bind(&callers).bind(&destinations);
        for column in counts.iter().chain(&facts) {
            observe = observe.bind(column);
            use_ = use_.bind(column);
        }
        observe.execute(&mut *transaction).await?;
        use_.execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    for table in tables.named(&REST) {
        table.insert(&mut database).await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    database.close().await?;
    Ok(Written {
        rows: upserts.len() as u64,
        seconds,
    })
}

async fn connect(url: &str) -> Result<PgConnection> {
    PgConnection::connect(url)
        .await
        .context("cannot reach PostgreSQL")
}
