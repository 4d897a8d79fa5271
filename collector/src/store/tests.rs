//! The store by itself. What a user sees of it is tried over HTTP in `tests/collector`.

mod outbox;

use std::os::unix::fs::MetadataExt;

use proptest::prelude::*;
use tempfile::TempDir;
use umbra_report::Report;

use super::*;
use crate::made_up::{Spool, call};

pub(super) async fn store() -> (Store, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path()).await.expect("a store");
    (store, directory)
}

pub(super) async fn apply(store: &Store, report: &Report) -> Applied {
    store
        .apply(report, Timestamp::now(), true)
        .await
        .expect("a report")
}

async fn flows(store: &Store) -> u64 {
    let page = store.uses(&Selection::default(), 1000).await.expect("rows");
    page.rows.iter().map(|row| row.flows).sum()
}

#[tokio::test]
async fn a_batch_that_comes_again_in_part_or_whole_counts_once() {
    let (store, _directory) = store().await;
    let mut spool = Spool::of("web-1");
    let first = spool.report(vec![call("alice", "curl"); 3]);
    let mut second = spool.report(vec![call("alice", "curl"); 2]);
    assert_eq!(
        apply(&store, &first).await,
        Applied {
            sequence: 3,
            records: 3,
            repeated: 0,
            findings: 1
        }
    );
    second.records = [first.records.clone(), second.records].concat();
    assert_eq!(
        apply(&store, &second).await,
        Applied {
            sequence: 5,
            records: 2,
            repeated: 3,
            findings: 0
        }
    );
    assert_eq!(
        apply(&store, &first).await,
        Applied {
            sequence: 5,
            records: 0,
            repeated: 3,
            findings: 0
        }
    );
    assert_eq!(flows(&store).await, 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The agent sends from anywhere that it was not told to be past, as often as it likes, and lets go of anything.
    #[test]
    fn however_batches_overlap_each_record_counts_once(
        batches in prop::collection::vec((0..8_usize, 0..8_usize), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (store, _directory) = store().await;
            let all = Spool::of("web-1").report(vec![call("alice", "curl"); 16]);
            let mut acknowledged = 0;
            for (back, length) in batches {
                let from = acknowledged - back.min(acknowledged);
                let to = (from + length).min(16);
                let report = Report { records: all.records[from..to].to_vec(), ..all.clone() };
                let applied = apply(&store, &report).await;
                acknowledged = acknowledged.max(to);
                assert_eq!(applied.sequence, acknowledged as u64);
                assert_eq!(flows(&store).await, acknowledged as u64);
            }
        });
    }
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_the_store_works_again_after_it() {
    let (store, _directory) = store().await;
    let pages = async |most: i64| {
        // SQLite takes this limit as it takes the end of the disk.
        let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {most}"));
        sqlx::query(limit).execute(&store.writer).await.expect("a limit");
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
        .apply(&large, Timestamp::now(), true)
        .await
        .expect_err("no room");
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert_eq!(flows(&store).await, 1);
    pages(1 << 30).await;
    assert_eq!(apply(&store, &large).await.records, 500);
    assert_eq!(flows(&store).await, 501);
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_stops_no_later_one() {
    let (store, _directory) = store().await;
    let mut transaction = store
        .writer
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
async fn a_gap_stands_for_what_is_not_here_already() {
    let (store, _directory) = store().await;
    let mut spool = Spool::of("web-1");
    apply(&store, &spool.report(vec![call("alice", "curl"); 3])).await;
    // Records 1 to 3 were stored, and dropped before they were acknowledged.
    let mut gap = spool.gap(2);
    if let umbra_report::RecordBody::Gap(body) = &mut gap.records[0].body {
        (body.from, body.records) = (1, 5);
    }
    assert_eq!(apply(&store, &gap).await.sequence, 5);
    apply(&store, &gap).await;
    spool.skip(4);
    apply(&store, &spool.report(vec![call("alice", "curl")])).await;
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!((health.dropped_records, health.missing_records), (2, 4));
}

#[tokio::test]
async fn losses_of_a_run_count_once_even_when_its_clock_was_not_set() {
    let (store, _directory) = store().await;
    let mut spool = Spool::of("web-1");
    for (started, lost) in [(0, 5), (0, 5), (0, 7), (1_700_000_000_000, 2)] {
        spool.status.started = time(started);
        spool.status.losses.insert("ring_buffer_full".to_owned(), lost);
        let mut report = spool.report(vec![]);
        crate::ingest::check(&mut report, Timestamp::now()).expect("a good report");
        apply(&store, &report).await;
    }
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!(
        health.losses.iter().map(|loss| loss.count).collect::<Vec<_>>(),
        [9]
    );
}

#[tokio::test]
async fn an_agent_that_restarts_for_ever_keeps_its_sum_in_few_rows() {
    let (store, _directory) = store().await;
    let mut spool = Spool::of("web-1");
    for run in 1..=40 {
        spool.status.started = time(run * 1000);
        spool.status.losses.insert("spool_full".to_owned(), 1);
        apply(&store, &spool.report(vec![])).await;
    }
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!(health.losses[0].count, 40);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM losses")
        .fetch_one(&store.readers)
        .await
        .expect("a count");
    assert_eq!(rows, 17, "16 runs and the sum of the others");
}

#[tokio::test]
async fn causes_beyond_the_first_are_added_together() {
    let (store, _directory) = store().await;
    for host in 0..2 {
        let mut spool = Spool::of("web-1");
        spool.status.losses = (0..50)
            .map(|number| (format!("cause_{host}_{number:02}"), 100 - number))
            .collect();
        apply(&store, &spool.report(vec![])).await;
    }
    let losses = store.health(Timestamp::now()).await.expect("health").losses;
    assert_eq!(losses.len(), 33, "the metrics' labels are bounded");
    assert_eq!(losses[32].cause, "other");
    assert_eq!(
        losses.iter().map(|loss| loss.count).sum::<u64>(),
        2 * (51..=100).sum::<u64>()
    );
}

#[tokio::test]
async fn a_host_is_silent_after_five_minutes() {
    let (store, _directory) = store().await;
    let begin = Timestamp::now();
    store
        .apply(&Spool::of("web-1").report(vec![]), begin, false)
        .await
        .expect("a report");
    for (minutes, silent) in [(0, 0), (5, 0), (6, 1)] {
        let health = store
            .health(begin + Duration::from_mins(minutes))
            .await
            .expect("health");
        assert_eq!((health.hosts, health.silent), (1, silent), "after {minutes} min");
    }
}

#[tokio::test]
async fn the_database_is_private_whoever_made_the_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("shared");
    std::fs::create_dir(&data).expect("a directory");
    let store = Store::open(&data).await.expect("a store");
    apply(&store, &Spool::of("web-1").report(vec![call("alice", "curl")])).await;
    for file in ["umbra.db", "umbra.db-wal", "umbra.db-shm", "lock"] {
        let mode = std::fs::metadata(data.join(file)).expect(file).mode();
        assert_eq!(mode & 0o777, 0o600, "{file} says who uses what");
    }
}

#[tokio::test]
async fn one_collector_at_a_time_and_the_next_after_it() {
    let (store, directory) = store().await;
    let error = Store::open(directory.path()).await.expect_err("held");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    store.close().await;
    drop(store);
    Store::open(directory.path()).await.expect("free again");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_left_alone() {
    let (store, directory) = store().await;
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .execute(&store.writer)
        .await
        .expect("a change");
    store.close().await;
    drop(store);
    let error = Store::open(directory.path()).await.expect_err("later");
    assert!(matches!(error, StoreError::Later(_)), "{error}");
    assert!(
        error.to_string().contains("later version of umbra-collector"),
        "{error}"
    );
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
    let mut first = sqlx::migrate!();
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
    let store = Store::open(directory.path()).await.expect("a store");
    assert_eq!(flows(&store).await, 7);
    apply(&store, &Spool::of("web-2").report(vec![call("alice", "curl")])).await;
    assert_eq!(flows(&store).await, 8);
}

#[test]
fn evidence_keeps_its_order_in_the_store() {
    use umbra_report::Evidence::{Dns, HttpHost, Ip, ProxyConnect, QuicSni, Socks, TlsSni};
    let strongest_first = [TlsSni, QuicSni, HttpHost, ProxyConnect, Socks, Dns, Ip];
    let ranks = strongest_first.map(evidence::rank);
    assert!(ranks.is_sorted());
    assert_eq!(ranks.map(evidence::of_rank), strongest_first.map(Some));
    assert_eq!(evidence::of_rank(15), None);
}

proptest! {
    #[test]
    fn a_place_reads_back_and_nothing_else_does(first_seen: i64, id: i64, text in "[-0-9.a]{0,12}") {
        let place: Position = format!("{first_seen}.{id}").parse().expect("a place");
        prop_assert_eq!(place.to_string(), format!("{first_seen}.{id}"));
        if let Ok(place) = text.parse::<Position>() {
            prop_assert_eq!(place.to_string().parse::<Position>().expect("a place"), place);
        }
    }
}
