//! The store by itself. What a user sees of it is tried over HTTP in `tests/collector`.

mod activities;
mod audit;
mod duties;
mod erase;
mod group;
mod log_ins;
pub(crate) mod outbox;
mod place;
mod plan;
mod presence;
mod retention;
mod search;
mod several;
mod sorted;
mod sqlite;

use proptest::prelude::*;
use umbra_report::Report;

use super::*;
use crate::made_up::{Spool, call};
pub(crate) use place::{Place, on_both};

on_both!(
    a_batch_that_comes_again_in_part_or_whole_counts_once,
    a_gap_stands_for_what_is_not_here_already,
    losses_of_a_run_count_once_even_when_its_clock_was_not_set,
    an_agent_that_restarts_for_ever_keeps_its_sum_in_few_rows,
    causes_beyond_the_first_are_added_together,
    a_database_that_only_later_versions_can_use_is_left_alone,
);

pub(crate) async fn apply(store: &Store, report: &Report) -> Applied {
    let arrival = Arrival::of(report.clone(), Timestamp::now());
    store.apply(arrival).await.expect("a report")
}

async fn flows(store: &Store) -> u64 {
    let page = store.uses(&Selection::default(), 1000).await.expect("rows");
    page.rows.iter().map(|row| row.flows).sum()
}

/// How many rows a table has.
async fn rows(store: &Store, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    on!(store.readers(), |db| {
        sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(db).await
    })
    .expect(table)
}

/// Collectors live for so many milliseconds more.
pub(crate) async fn live_for(store: &Store, milliseconds: i64) {
    on!(store.writer(), |db| sqlx::query(
        "UPDATE life SET lived = lived + $1"
    )
    .bind(milliseconds)
    .execute(db)
    .await
    .map(drop))
    .expect("the clock");
}

/// Somebody says that an agent's host is gone.
pub(crate) async fn retire(store: &Store, agent: uuid::Uuid) {
    on!(store.writer(), |db| sqlx::query(
        "INSERT INTO enrolments (agent, key, token, host, enrolled, retired) VALUES ($1, '', '', '', 1, 1)"
    )
    .bind(agent.to_string())
    .execute(db)
    .await
    .map(drop))
    .expect("an enrolment");
}

/// Changes something behind the store's back.
async fn change(store: &Store, statement: &'static str) {
    on!(store.writer(), |db| sqlx::query(statement)
        .execute(db)
        .await
        .map(drop))
    .expect(statement);
}

async fn a_batch_that_comes_again_in_part_or_whole_counts_once(place: Place) {
    let store = place.store().await;
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
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
            runtime.block_on(overlapping(&place, &batches));
        }
    }
}

async fn overlapping(place: &Place, batches: &[(usize, usize)]) {
    let store = place.store().await;
    let all = Spool::of("web-1").report(vec![call("alice", "curl"); 16]);
    let mut acknowledged = 0;
    for (back, length) in batches {
        let from = acknowledged - back.min(&acknowledged);
        let to = (from + length).min(16);
        let report = Report {
            records: all.records[from..to].to_vec(),
            ..all.clone()
        };
        let applied = apply(&store, &report).await;
        acknowledged = acknowledged.max(to);
        assert_eq!(applied.sequence, acknowledged as u64);
        assert_eq!(flows(&store).await, acknowledged as u64);
    }
    store.close().await;
}

async fn a_gap_stands_for_what_is_not_here_already(place: Place) {
    let store = place.store().await;
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

    // Numbers that were passed over are no records.
    let heard = health.last_gap;
    let mut leap = spool.gap(1 << 30);
    if let umbra_report::RecordBody::Gap(body) = &mut leap.records[0].body {
        body.records = 0;
    }
    apply(&store, &leap).await;
    apply(&store, &spool.report(vec![call("alice", "curl")])).await;
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!((health.dropped_records, health.missing_records), (2, 4));
    assert_eq!(health.last_gap, heard, "no gap is told of");
}

async fn losses_of_a_run_count_once_even_when_its_clock_was_not_set(place: Place) {
    let store = place.store().await;
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

async fn an_agent_that_restarts_for_ever_keeps_its_sum_in_few_rows(place: Place) {
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    for run in 1..=40 {
        spool.status.started = time(run * 1000);
        spool.status.losses.insert("spool_full".to_owned(), 1);
        apply(&store, &spool.report(vec![])).await;
    }
    let health = store.health(Timestamp::now()).await.expect("health");
    assert_eq!(health.losses[0].count, 40);
    assert_eq!(
        rows(&store, "losses").await,
        17,
        "16 runs and the sum of the others"
    );
}

async fn causes_beyond_the_first_are_added_together(place: Place) {
    let store = place.store().await;
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

async fn a_database_that_only_later_versions_can_use_is_left_alone(place: Place) {
    let store = place.store().await;
    // A later version was here, and this one can do with what it added.
    change(
        &store,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 4",
    )
    .await;
    store.close().await;
    drop(store);
    let store = place.store().await;
    change(&store, "UPDATE compatibility SET oldest = 9999").await;
    store.close().await;
    drop(store);
    let error = Store::open(&place.location).await.expect_err("later");
    assert!(matches!(error, StoreError::Later { .. }), "{error}");
    assert!(
        error.to_string().contains("later version of umbra-collector"),
        "{error}"
    );
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
    fn a_place_reads_back_and_nothing_else_does(value: i64, id: i64, text in "[-0-9.a]{0,12}") {
        let place: Position = format!("{value}.{id}").parse().expect("a place");
        prop_assert_eq!(place.to_string(), format!("{value}.{id}"));
        if let Ok(place) = text.parse::<Position>() {
            prop_assert_eq!(place.to_string().parse::<Position>().expect("a place"), place);
        }
    }
}
