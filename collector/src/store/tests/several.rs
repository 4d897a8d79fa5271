//! Several collectors on one PostgreSQL at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::outbox::{configure, delivered, due, route};
use super::*;
use crate::store::sessions::Sessions;

async fn stores(place: &Place, count: usize) -> Vec<Arc<Store>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(Arc::new(place.store().await));
    }
    stores
}

#[tokio::test(flavor = "multi_thread")]
async fn every_report_to_every_collector_at_once_counts_once() {
    const AGENTS: u64 = 8;
    const REPORTS: u64 = 10;
    let Some(place) = Place::postgres() else { return };
    let stores = stores(&place, 3).await;
    configure(&stores[0], &[route("soc")]).await;
    let mut agents = tokio::task::JoinSet::new();
    for agent in 0..AGENTS {
        let stores = stores.clone();
        agents.spawn(async move {
            let mut spool = Spool::of(&format!("web-{agent}"));
            for round in 0..REPORTS {
                // Programs that all agents share, in an order of their own, and new ones each time.
                let mut calls: Vec<_> = (0..20)
                    .map(|number| call("alice", &format!("p{round}-{number}")))
                    .collect();
                fastrand::shuffle(&mut calls);
                let report = Arc::new(spool.report(calls));
                let mut copies = tokio::task::JoinSet::new();
                for store in &stores {
                    let (store, report) = (Arc::clone(store), Arc::clone(&report));
                    copies.spawn(async move { apply(&store, &report).await });
                }
                let applied = copies.join_all().await;
                assert_eq!(
                    applied.iter().map(|it| it.records).sum::<usize>(),
                    20,
                    "one of them took each"
                );
                assert!(applied.iter().all(|it| it.sequence == (round + 1) * 20));
            }
        });
    }
    agents.join_all().await;
    assert_eq!(
        rows(&stores[0], "uses").await,
        i64::try_from(AGENTS * REPORTS * 20).expect("few")
    );
    assert_eq!(
        rows(&stores[0], "findings").await,
        i64::try_from(REPORTS * 20).expect("few")
    );
    assert_eq!(
        rows(&stores[0], "deliveries").await,
        rows(&stores[0], "findings").await
    );
    let sum: i64 = on!(stores[0].readers(), |db| {
        sqlx::query_scalar("SELECT CAST(sum(flows) AS BIGINT) FROM observations")
            .fetch_one(db)
            .await
    })
    .expect("a sum");
    assert_eq!(sum, i64::try_from(AGENTS * REPORTS * 20).expect("few"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_collectors_find_at_once_is_found_once() {
    const AGENTS: usize = 9;
    const ROUNDS: usize = 8;
    const VENDORS: usize = 5;
    let Some(place) = Place::postgres() else { return };
    let stores = stores(&place, 3).await;
    let text =
        "version = 1\n[[egress]]\nid = \"gateway\"\nvia = [\"10.1.2.3\"]\nreason = \"r\"\napprover = \"a\"\n";
    let (now, catalogue) = (Timestamp::now(), umbra_catalog::Catalogue::builtin());
    let file = umbra_policy::File::parse(text, &catalogue, now).expect("a policy");
    let new = NewPolicy {
        file: &file,
        text,
        comment: "",
        against: 0,
    };
    let by = By {
        actor: "ada",
        time: now,
    };
    stores[0].apply_policy(&new, &by).await.expect("the first");
    configure(&stores[0], &[route("soc")]).await;
    let mut agents = tokio::task::JoinSet::new();
    for agent in 0..AGENTS {
        let store = Arc::clone(&stores[agent % 3]);
        agents.spawn(async move {
            let mut spool = Spool::of(&format!("web-{agent}"));
            for round in 0..ROUNDS {
                let mut calls: Vec<_> = (0..VENDORS)
                    .map(|vendor| umbra_report::Observation {
                        vendor: format!("Vendor {round}-{vendor}"),
                        // Three agents, one at each collector, share a program.
                        ..call("alice", &format!("p{}", agent / 3))
                    })
                    .collect();
                fastrand::shuffle(&mut calls);
                let arrival = Arrival {
                    learning: Duration::ZERO,
                    ..Arrival::of(spool.report(calls), now)
                };
                store.apply(arrival).await.expect("a report");
            }
        });
    }
    agents.join_all().await;
    let kinds: Vec<(String, i64)> = on!(stores[0].readers(), |db| {
        sqlx::query_as("SELECT kind, count(*) FROM findings GROUP BY kind ORDER BY kind")
            .fetch_all(db)
            .await
    })
    .expect("counts");
    let (vendors, pairs) = (ROUNDS * VENDORS, ROUNDS * VENDORS * AGENTS / 3);
    let few = |count| i64::try_from(count).expect("few");
    assert_eq!(
        kinds,
        [
            ("first_use".to_owned(), few(vendors)),
            ("gateway_bypass".to_owned(), few(pairs)),
            ("new_caller".to_owned(), few(pairs)),
        ]
    );
    assert_eq!(rows(&stores[0], "deliveries").await, few(vendors + 2 * pairs));
}

/// Alerts that are to be sent.
const ALERTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_one_collectors_at_a_time_until_that_one_is_lost() {
    let Some(place) = Place::postgres() else { return };
    let stores = stores(&place, 4).await;
    configure(&stores[0], &[route("soc")]).await;
    let calls = (0..ALERTS).map(|number| call("alice", &format!("p{number}")));
    apply(&stores[0], &Spool::of("web-1").report(calls.collect())).await;
    let now = Timestamp::now() + Duration::from_secs(1);
    let mut couriers = tokio::task::JoinSet::new();
    for store in stores.clone() {
        couriers.spawn(async move {
            let holder = uuid::Uuid::new_v4();
            let mut sent = Vec::new();
            // What is sent twice would be sent for ever.
            while sent.len() <= ALERTS {
                match store.claim("soc", holder, now).await.expect("the outbox") {
                    Claim::Message(outgoing) => {
                        let pauses = Pauses::default();
                        store
                            .settle("soc", holder, &outgoing, &delivered(), pauses, now)
                            .await
                            .expect("settled");
                        sent.push(outgoing.id);
                    }
                    Claim::Nothing(None) => break,
                    Claim::Nothing(Some(_)) => tokio::task::yield_now().await,
                }
            }
            sent
        });
    }
    let sent: Vec<String> = couriers.join_all().await.concat();
    let different: BTreeSet<_> = sent.iter().collect();
    assert_eq!((sent.len(), different.len()), (ALERTS, ALERTS), "{sent:?}");

    // A collector that sends dies now. Nobody sends the same before a minute is over.
    apply(&stores[0], &Spool::of("web-2").report(vec![call("bob", "aider")])).await;
    let now = Timestamp::now() + Duration::from_secs(1);
    let held = due(&stores[0], "soc", now).await;
    let heir = place.store().await;
    let holder = uuid::Uuid::new_v4();
    let claim = async |at| heir.claim("soc", holder, at).await.expect("the outbox");
    let soon = now + Duration::from_secs(59);
    assert!(matches!(claim(soon).await, Claim::Nothing(Some(_))));
    let Claim::Message(again) = claim(now + Duration::from_secs(61)).await else {
        panic!("it is free");
    };
    assert_eq!(again.id, held.id, "under the same id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_goes_on_while_the_next_one_brings_its_tables() {
    let Some(place) = Place::postgres() else { return };
    let store = Arc::new(place.store().await);
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = tokio::spawn({
        let (store, stop, done) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&done));
        async move {
            let mut spool = Spool::of("web-1");
            while !stop.load(Ordering::Relaxed) {
                apply(&store, &spool.report(vec![call("alice", "curl"); 10])).await;
                done.fetch_add(10, Ordering::Relaxed);
            }
        }
    });
    // What a migration may do, in one that only adds.
    let next = "ALTER TABLE callers ADD COLUMN mood TEXT;
        ALTER TABLE observations ADD COLUMN moods BIGINT NOT NULL DEFAULT 0;
        CREATE TABLE moods (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, caller BIGINT REFERENCES callers (id));
        CREATE INDEX callers_mood ON callers (mood)";
    let other = place.store().await;
    let Both::Postgres(Sessions { pool, .. }) = other.writer() else {
        panic!("this is PostgreSQL")
    };
    while done.load(Ordering::Relaxed) < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    later(9000, next)
        .run(pool)
        .await
        .expect("the next version's tables");
    let before = done.load(Ordering::Relaxed);
    while done.load(Ordering::Relaxed) < before + 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // This version starts again on them, as a service does that was killed.
    let again = place.store().await;
    apply(&again, &Spool::of("web-2").report(vec![call("bob", "curl")])).await;
    // A month that is made now has the new column, too.
    again
        .remove(&Bounds {
            observations: Month::of(Timestamp::now()).next(),
            inventory: Month::of(Timestamp::UNIX_EPOCH),
            findings: Month::of(Timestamp::UNIX_EPOCH),
            requests: Month::of(Timestamp::UNIX_EPOCH),
            alerts: Month::of(Timestamp::UNIX_EPOCH),
            losses: Month::of(Timestamp::UNIX_EPOCH),
        })
        .await
        .expect("retention");
    apply(&again, &Spool::of("web-2").report(vec![call("bob", "curl")])).await;
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("no report failed");
    assert_eq!(flows(&again).await, done.load(Ordering::Relaxed) + 2);
    // The version after takes something away, and says so.
    later(9001, "UPDATE compatibility SET oldest = 9000")
        .run(pool)
        .await
        .expect("its tables");
    let error = Store::open(&place.location).await.expect_err("too old");
    assert!(matches!(error, StoreError::Later { oldest: 9000, .. }), "{error}");
}

fn later(version: i64, sql: &str) -> Migrator {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let migration = Migration::new(version, "later".into(), MigrationType::Simple, sql, false);
    let mut migrator = Migrator::with_migrations(vec![migration]);
    migrator.set_ignore_missing(true);
    migrator
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_that_start_at_once_make_the_tables_and_the_authority_once() {
    let Some(place) = Place::postgres() else { return };
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let location = place.location.clone();
        starts.spawn(async move {
            let store = Store::open(&location).await.expect("a store");
            store.make_months_ahead(Timestamp::now()).await.expect("months");
            crate::authority::Authority::shared(&store)
                .await
                .expect("an authority")
                .fingerprint()
        });
    }
    let mut authorities = starts.join_all().await;
    authorities.dedup();
    assert_eq!(authorities.len(), 1);
}
