//! What is SQLite's own.

use std::os::unix::fs::MetadataExt;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;

use super::super::sqlite::FILE_NAME;
use super::*;

async fn store() -> (Store, TempDir) {
    let mut place = Place::sqlite();
    (place.store().await, place.directory.take().expect("a directory"))
}

fn at(dir: &std::path::Path) -> Location {
    Location::Directory(dir.to_owned())
}

fn writer(store: &Store) -> &SqlitePool {
    match store.writer() {
        Both::Sqlite(writer) => writer,
        Both::Postgres(_) => panic!("this is SQLite"),
    }
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_the_store_works_again_after_it() {
    let (store, _directory) = store().await;
    let pages = async |most: i64| {
        // SQLite takes this limit as it takes the end of the disk.
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {most}"));
        sqlx::query(limit).execute(writer(&store)).await.expect("a limit");
    };
    let mut spool = Spool::of("web-1");
    apply(&store, &spool.report(vec![call("alice", "curl")])).await;
    pages(1).await;
    let large = spool.report(
        (0..500)
            .map(|number| call("alice", &format!("{number:0500}")))
            .collect(),
    );
    let error = store
        .apply(Arrival::of(large.clone(), Timestamp::now()))
        .await
        .expect_err("no room");
    assert!(
        matches!(&error, Rejected::Failed(error) if matches!(**error, StoreError::Full(_))),
        "{error}"
    );
    assert_eq!(flows(&store).await, 1);
    pages(1 << 30).await;
    assert_eq!(apply(&store, &large).await.records, 500);
    assert_eq!(flows(&store).await, 501);
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_stops_no_later_one() {
    let (store, _directory) = store().await;
    let mut transaction = writer(&store)
        .begin_with("BEGIN IMMEDIATE")
        .await
        .expect("a transaction");
    // As when a write fails in the middle: sqlx does not hear of it.
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut *transaction)
        .await
        .expect("the end");
    drop(transaction);
    assert_eq!(
        apply(&store, &Spool::of("web-1").report(vec![call("alice", "curl")]))
            .await
            .records,
        1
    );
    assert_eq!(flows(&store).await, 1);
}

#[tokio::test]
async fn the_database_is_private_whoever_made_the_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("shared");
    std::fs::create_dir(&data).expect("a directory");
    let store = Store::open(&at(&data)).await.expect("a store");
    apply(&store, &Spool::of("web-1").report(vec![call("alice", "curl")])).await;
    for file in ["umbra.db", "umbra.db-wal", "umbra.db-shm", "lock"] {
        let mode = std::fs::metadata(data.join(file)).expect(file).mode();
        assert_eq!(mode & 0o777, 0o600, "{file} says who uses what");
    }
}

#[tokio::test]
async fn one_collector_at_a_time_and_the_next_after_it() {
    let (store, directory) = store().await;
    let error = Store::open(&at(directory.path())).await.expect_err("held");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    store.close().await;
    drop(store);
    Store::open(&at(directory.path())).await.expect("free again");
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let directory = tempfile::tempdir().expect("a directory");
    let old = SqliteConnectOptions::new()
        .filename(directory.path().join(FILE_NAME))
        .create_if_missing(true);
    let old = SqlitePoolOptions::new()
        .connect_with(old)
        .await
        .expect("a database");
    let mut first = migrations::sqlite();
    first
        .migrations
        .to_mut()
        .retain(|migration| migration.version == 1);
    first.run(&old).await.expect("the first version");
    for row in [
        "INSERT INTO agents VALUES (1, 'a-1', 'web-1', NULL, '0', '6.1', 0, 0, 0)",
        "INSERT INTO programs VALUES (1, 'curl', '')",
        "INSERT INTO callers VALUES (1, 1, 1, 1000, 'alice', NULL, NULL, NULL, NULL, NULL)",
        "INSERT INTO destinations VALUES (1, 'OpenAI', 'API', 'api', 'api.openai.com')",
        "INSERT INTO uses VALUES (1, 1, 1, 7, 0, 0, 0, 0, 0)",
    ] {
        sqlx::query(row).execute(&old).await.expect(row);
    }
    old.close().await;
    let store = Store::open(&at(directory.path())).await.expect("a store");
    assert_eq!(flows(&store).await, 7);
    apply(&store, &Spool::of("web-2").report(vec![call("alice", "curl")])).await;
    assert_eq!(flows(&store).await, 8);
}
