//! Reports that are stored together.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::*;
use crate::store::group::Leave;

on_both!(
    reports_that_wait_are_stored_together_and_each_has_its_answer,
    a_report_that_the_database_refuses_harms_no_other,
    a_report_is_stored_though_its_sender_went,
    reports_that_wait_for_a_writer_that_panics_are_stored,
    rows_are_all_written_however_many_there_are,
);

type Answer = Result<Applied, Rejected>;

/// Has all of these wait before the first is written.
async fn together(store: &Store, reports: Vec<Report>) -> Vec<JoinHandle<Answer>> {
    // As if every writer were busy.
    let busy = std::mem::replace(&mut store.groups.state().most_writers, 0);
    let mut answers = Vec::new();
    for (report, waiting) in reports.into_iter().zip(1..) {
        let to = store.clone();
        answers.push(tokio::spawn(async move {
            to.apply(Arrival::of(report, Timestamp::now())).await
        }));
        // In this order.
        while store.groups.state().waiting.len() < waiting {
            tokio::task::yield_now().await;
        }
    }
    store.groups.state().most_writers = busy;
    answers
}

/// The next report starts a writer.
async fn start(store: &Store) {
    apply(store, &Spool::of("last").report(vec![])).await;
}

async fn rows_are_all_written_however_many_there_are(place: Place) {
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    let mut all = 0;
    // More than the statements of SQLite take at once, fewer, and what fits none of them.
    for count in [1, 7, 297, 514] {
        let calls = (0..count).map(|number| {
            let mut observation = call("alice", "curl");
            observation.name = format!("{count}-{number}.example.com");
            observation
        });
        apply(&store, &spool.report(calls.collect())).await;
        all += count;
        assert_eq!(rows(&store, "observations").await, all);
        assert_eq!(rows(&store, "uses").await, all);
    }
}

async fn answers(handles: Vec<JoinHandle<Answer>>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for handle in handles {
        answers.push(handle.await.expect("a task"));
    }
    answers
}

async fn reports_that_wait_are_stored_together_and_each_has_its_answer(place: Place) {
    let store = place.store().await;
    outbox::configure(&store, &[outbox::route("soc")]).await;
    let mut reports: Vec<Report> = (1..=20)
        .map(|calls| Spool::of("web").report(vec![call("alice", "curl"); calls]))
        .collect();
    // Of an agent that is there already, and a new program.
    let mut spool = Spool::of("web-1");
    reports.push(spool.report(vec![call("alice", "wget")]));
    reports.push(spool.report(vec![call("alice", "wget"), call("bob", "claude")]));
    let handles = together(&store, reports).await;
    start(&store).await;
    let applied: Vec<Applied> = answers(handles)
        .await
        .into_iter()
        .map(|answer| answer.expect("a report"))
        .collect();
    let (crowd, last) = applied.split_at(20);
    for (applied, calls) in crowd.iter().zip(1..) {
        assert_eq!((applied.records, applied.repeated), (calls, 0));
        assert_eq!(applied.sequence, calls as u64);
    }
    let findings: Vec<usize> = crowd.iter().map(|applied| applied.findings).collect();
    assert_eq!(findings.iter().sum::<usize>(), 1, "{findings:?}");
    assert_eq!(
        last.iter().map(|applied| applied.sequence).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(
        last.iter().map(|applied| applied.findings).collect::<Vec<_>>(),
        [1, 1]
    );
    assert_eq!(flows(&store).await, (1..=20).sum::<u64>() + 3);
    assert_eq!(rows(&store, "deliveries").await, 3);
}

async fn a_report_that_the_database_refuses_harms_no_other(place: Place) {
    let store = place.store().await;
    let refuse = match &*store.database {
        Both::Sqlite(_) => {
            "CREATE TRIGGER refuse BEFORE INSERT ON programs WHEN NEW.name = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
        }
        Both::Postgres(_) => "ALTER TABLE programs ADD CONSTRAINT refuse CHECK (name <> 'bad')",
    };
    change(&store, refuse).await;
    let programs = ["curl", "bad", "wget"];
    let reports = programs.map(|program| Spool::of("web").report(vec![call("alice", program)]));
    let handles = together(&store, reports.to_vec()).await;
    start(&store).await;
    let answers = answers(handles).await;
    let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, true], "{answers:?}");
    assert_eq!(flows(&store).await, 2);
    assert_eq!(rows(&store, "agents").await, 3, "two of these, and the last");
}

async fn a_report_is_stored_though_its_sender_went(place: Place) {
    let store = place.store().await;
    let reports = (0..3).map(|_| Spool::of("web").report(vec![call("alice", "curl")]));
    let handles = together(&store, reports.collect()).await;
    for handle in &handles {
        handle.abort();
    }
    start(&store).await;
    store.groups.end().await;
    assert_eq!(flows(&store).await, 3);
}

async fn reports_that_wait_for_a_writer_that_panics_are_stored(place: Place) {
    let store = place.store().await;
    let reports = (0..3).map(|_| Spool::of("web").report(vec![call("alice", "curl")]));
    let handles = together(&store, reports.collect()).await;
    store.groups.state().writers += 1;
    let to = store.clone();
    let writer = tokio::spawn(async move {
        let _leave = Leave(Some(&to));
        panic!("a writer panics: this is wanted");
    });
    assert!(writer.await.is_err(), "it panicked");
    // No other report comes.
    let answers = tokio::time::timeout(Duration::from_secs(20), answers(handles)).await;
    assert!(answers.expect("answers").iter().all(Result::is_ok));
    assert_eq!(flows(&store).await, 3);
    store.groups.end().await;
    assert_eq!(store.groups.state().writers, 0);
}

#[tokio::test]
async fn a_group_holds_one_report_of_an_agent_and_so_many_records() {
    let mut place = Place::sqlite();
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    let many = |records| {
        let mut report = Spool::of("web").report(vec![call("alice", "curl")]);
        let record = report.records.remove(0);
        report.records = vec![record; records];
        report
    };
    let mut reports = vec![
        spool.report(vec![]),
        spool.report(vec![]),
        many(6_000),
        many(6_000),
    ];
    reports.extend((0..300).map(|_| many(0)));
    let handles = together(&store, reports).await;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    loop {
        let group = store.groups.state().take();
        if group.is_empty() {
            break;
        }
        groups.push(
            group
                .iter()
                .map(|item| item.arrival.report.records.len())
                .collect(),
        );
    }
    // The agent's second report comes before what did not fit.
    assert_eq!(groups[0], [0, 6_000]);
    assert_eq!(groups[1][..2], [0, 6_000]);
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [2, 256, 46]);
    let answers = answers(handles).await;
    assert!(answers.iter().all(Result::is_err), "the reports were thrown away");
    store.close().await;
    drop(place.directory.take());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Reports that overlap, of agents that share programs, in any order and any groups: each record counts once.
    #[test]
    fn however_reports_fall_into_groups_each_record_counts_once(
        reports in prop::collection::vec((0..4_usize, 0..8_usize, 1..8_usize), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
            runtime.block_on(grouped(&place, &reports));
        }
    }
}

async fn grouped(place: &Place, reports: &[(usize, usize, usize)]) {
    let store = place.store().await;
    let calls: Vec<_> = (0..16)
        .map(|number| call("alice", &format!("p{}", number % 3)))
        .collect();
    let all: Vec<Report> = (0..4).map(|_| Spool::of("web").report(calls.clone())).collect();
    // Each agent sends from anywhere that it was not told to be past; groups are told in the order of the queue.
    let mut sent: BTreeMap<usize, usize> = BTreeMap::new();
    let batches = reports.iter().map(|(agent, back, length)| {
        let past = sent.entry(*agent).or_default();
        let from = past.saturating_sub(*back);
        let to = (from + length).min(16);
        *past = to.max(*past);
        let all = &all[*agent];
        Report {
            records: all.records[from..to].to_vec(),
            ..all.clone()
        }
    });
    let handles = together(&store, batches.collect()).await;
    start(&store).await;
    for answer in answers(handles).await {
        answer.expect("a report");
    }
    let total = i64::try_from(sent.values().sum::<usize>()).expect("few");
    assert_eq!(flows(&store).await, count(total));
    let hours: i64 = on!(store.readers(), |db| {
        sqlx::query_scalar("SELECT CAST(coalesce(sum(flows), 0) AS BIGINT) FROM observations")
            .fetch_one(db)
            .await
    })
    .expect("a sum");
    assert_eq!(hours, total);
    let streams: i64 = on!(store.readers(), |db| {
        sqlx::query_scalar("SELECT CAST(coalesce(sum(sequence), 0) AS BIGINT) FROM streams")
            .fetch_one(db)
            .await
    })
    .expect("a sum");
    assert_eq!(streams, total);
    assert_eq!(rows(&store, "gaps").await, 0);
    store.close().await;
}
