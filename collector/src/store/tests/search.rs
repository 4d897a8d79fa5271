//! A search through terms gives what a look at every row gives.

use proptest::prelude::*;
use umbra_report::Observation;

use super::{Place, apply, change, on_both, rows};
use crate::made_up::{Spool, ago, call};
use umbra_catalog::Kind;

use crate::store::{Along, Both, Bounds, Month, Position, Selection, Store, Term, Use};

on_both!(
    a_rename_moves_a_row_to_its_new_name,
    what_is_deleted_is_found_no_more,
    uses_of_before_are_found_after_a_migration,
);

const HOSTS: [&str; 3] = ["web-1.Example", "web-2", "db_1"];
pub(super) const PEOPLE: [&str; 4] = ["alice", "Alina", "bob", "web"];
pub(super) const PROGRAMS: [&str; 4] = ["curl", "claude", "web%tool", r"back\slash"];
pub(super) const VENDORS: [(&str, &str); 3] = [
    ("OpenAI", "api.openai.com"),
    ("Anthropic", "api.anthropic.com"),
    ("Web", "curl.example"),
];
/// Also what no row has, what all have, and what means something to `LIKE`.
pub(super) const TEXTS: [&str; 16] = [
    "web",
    "WEB-1",
    "ali",
    "curl",
    "e",
    "api",
    "openai",
    "%",
    "_",
    "\\",
    "b",
    "1",
    "nowhere",
    "db_1",
    "0",
    "anthropic",
];

type Seen = (usize, usize, usize, usize, u64);

fn observation((_, person, program, vendor, seconds): Seen) -> Observation {
    let mut observation = call(PEOPLE[person], PROGRAMS[program]);
    let (vendor, name) = VENDORS[vendor];
    vendor.clone_into(&mut observation.vendor);
    name.clone_into(&mut observation.name);
    observation.first_seen = ago(seconds);
    observation.last_seen = observation.first_seen;
    if person == 2 {
        observation.caller.user.name = None;
    }
    observation
}

pub(super) fn has(row: &Use, text: &str) -> bool {
    let user = row.user_name.clone().unwrap_or_else(|| row.uid.to_string());
    [
        &row.vendor,
        &row.service,
        &row.name,
        &row.program,
        &user,
        &row.host,
    ]
    .iter()
    .any(|of| of.to_lowercase().contains(&text.to_lowercase()))
}

pub(super) async fn every(store: &Store) -> Vec<Use> {
    let all = store.uses(&Selection::default(), 1000).await.expect("rows");
    assert!(all.next.is_none());
    all.rows
}

/// All pages of a selection, of so many rows each.
pub(super) async fn pages(store: &Store, selection: &Selection, limit: u16) -> Vec<Position> {
    let mut selection = selection.clone();
    let mut positions = Vec::new();
    loop {
        let page = store.uses(&selection, limit).await.expect("a page");
        assert!(page.rows.len() <= usize::from(limit));
        positions.extend(page.rows.iter().map(|row| row.position));
        let Some(next) = page.next else {
            return positions;
        };
        selection.after = Some(next);
    }
}

/// What is read along every text, vendor, kind, finding, caller and name is what a plain scan gives.
async fn all_is_found(store: &Store, limit: u16) {
    type Is<'a> = Box<dyn Fn(&Use) -> bool + 'a>;
    let every = every(store).await;
    let mut ways: Vec<(Along, Is<'_>)> = Vec::new();
    for text in TEXTS {
        ways.push((Along::Text(text.to_owned()), Box::new(move |row| has(row, text))));
    }
    for (vendor, _) in VENDORS {
        let along = |kind| Along::Destinations(Some(vendor.to_owned()), kind);
        ways.push((along(None), Box::new(move |row| row.vendor == vendor)));
        ways.push((
            along(Some(Kind::Api)),
            Box::new(move |row| row.vendor == vendor && row.kind == "api"),
        ));
    }
    ways.push((
        Along::Destinations(None, Some(Kind::Cdn)),
        Box::new(|row| row.kind == "cdn"),
    ));
    for row in &every {
        ways.push((Along::Caller(row.caller), Box::new(|of| of.caller == row.caller)));
        ways.push((
            Along::Numbers(vec![row.position.number(), -1]),
            Box::new(|of| of.position == row.position),
        ));
        if let Some(finding) = row.finding {
            ways.push((
                Along::Finding(finding),
                Box::new(move |of| of.finding == Some(finding)),
            ));
        }
        let user = |of: &Use| of.user_name.clone().unwrap_or_else(|| of.uid.to_string());
        ways.push((
            Along::Term(Term::User, user(row)),
            Box::new(move |of| user(of) == user(row)),
        ));
        let program = row.program.to_uppercase();
        ways.push((
            Along::Term(Term::Program, program),
            Box::new(|of| of.program == row.program),
        ));
        ways.push((
            Along::Term(Term::Host, row.host.clone()),
            Box::new(|of| of.host == row.host),
        ));
    }
    for (along, is) in ways {
        let expected: Vec<Position> = every
            .iter()
            .filter(|row| is(row))
            .map(|row| row.position)
            .collect();
        let selection = Selection::from(along);
        let found = pages(store, &selection, limit).await;
        assert_eq!(found, expected, "{:?} by {limit}", selection.along);
    }
}

async fn seen(store: &Store, seen: &[Seen]) {
    for (host, name) in HOSTS.iter().enumerate() {
        let of = seen.iter().filter(|it| it.0 == host).map(|it| observation(*it));
        apply(store, &Spool::of(name).report(of.collect())).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Few different times, so that many rows share one.
    #[test]
    fn a_search_gives_what_a_look_at_every_row_gives(
        uses in prop::collection::vec((0..3_usize, 0..4_usize, 0..4_usize, 0..3_usize, 0..6_u64), 0..60),
        limit in 1..12_u16,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
            runtime.block_on(async {
                let store = place.store().await;
                seen(&store, &uses).await;
                all_is_found(&store, limit).await;
                store.close().await;
            });
        }
    }
}

/// Enough rows that the newest do not hold all.
fn some() -> Vec<Seen> {
    (0..48)
        .map(|number| {
            (
                number % 3,
                number % 4,
                number / 4 % 4,
                number / 16,
                number as u64 % 5 * 10,
            )
        })
        .collect()
}

async fn a_rename_moves_a_row_to_its_new_name(place: Place) {
    let store = place.store().await;
    let mut spool = Spool::of("web-1.Example");
    apply(
        &store,
        &spool.report(some().into_iter().map(observation).collect()),
    )
    .await;
    all_is_found(&store, 2).await;
    "db_1".clone_into(&mut spool.agent.host);
    let mut renamed = observation((0, 0, 0, 0, 3600));
    renamed.caller.user.name = Some("bob".to_owned());
    // Seen before what is known: the row moves to another place.
    apply(&store, &spool.report(vec![renamed])).await;
    all_is_found(&store, 2).await;
    assert_eq!(rows(&store, "postings").await, 5 * rows(&store, "uses").await);
}

async fn what_is_deleted_is_found_no_more(place: Place) {
    let store = place.store().await;
    seen(&store, &some()).await;
    change(&store, "DELETE FROM observations").await;
    change(&store, "UPDATE uses SET last_seen = 0 WHERE id % 3 = 0").await;
    let month = Month::of(ago(0)).before(1);
    let bounds = Bounds {
        observations: month,
        inventory: month,
        findings: month,
        requests: month,
        alerts: month,
        losses: month,
    };
    store.remove(&bounds).await.expect("what is over goes");
    assert!(!every(&store).await.is_empty());
    all_is_found(&store, 2).await;
    assert_eq!(rows(&store, "postings").await, 5 * rows(&store, "uses").await);
    change(&store, "UPDATE uses SET last_seen = 0").await;
    store.remove(&bounds).await.expect("what is over goes");
    assert_eq!(rows(&store, "terms").await, 0, "texts of what is gone are gone");
}

async fn uses_of_before_are_found_after_a_migration(place: Place) {
    let store = place.store().await;
    seen(&store, &some()).await;
    change(&store, "DELETE FROM postings").await;
    change(&store, "DELETE FROM terms").await;
    change(&store, "DELETE FROM _sqlx_migrations WHERE version = 13").await;
    store.close().await;
    drop(store);
    let store = place.store().await;
    all_is_found(&store, 2).await;
}

/// Has whoever writes uses stop between looking for their terms and naming them.
const STOP: [&str; 2] = [
    "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
     'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END'",
    "CREATE TRIGGER stop AFTER INSERT ON terms FOR EACH STATEMENT EXECUTE FUNCTION stop()",
];

/// What `WITH_TEXT` reads and no use has goes in between: the statement after it must not put a row where none finds it.
#[tokio::test(flavor = "multi_thread")]
async fn retention_in_the_midst_of_a_report_costs_no_term() {
    let Some(place) = Place::postgres() else { return };
    let store = place.store().await;
    let mut spool = Spool::of("web-1");
    let call = || vec![crate::made_up::call("alice", "curl")];
    // A use, and then another name of its host.
    for host in ["web-1", "db-1"] {
        for statement in [
            "DROP TRIGGER IF EXISTS stop ON terms",
            "DROP FUNCTION IF EXISTS stop",
            "INSERT INTO terms (kind, text) VALUES (4, 'web-1'), (4, 'db-1') ON CONFLICT DO NOTHING",
        ] {
            change(&store, statement).await;
        }
        for statement in STOP {
            change(&store, statement).await;
        }
        let Both::Postgres(postgres) = &*store.database else {
            return;
        };
        let mut holder = postgres.sessions.pool.begin().await.expect("a connection");
        sqlx::query("SELECT pg_advisory_xact_lock(7)")
            .execute(&mut *holder)
            .await
            .expect("the lock");
        host.clone_into(&mut spool.agent.host);
        let report = spool.report(call());
        let to = store.clone();
        let applied = tokio::spawn(async move { apply(&to, &report).await });
        loop {
            let held: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .fetch_one(&postgres.sessions.pool)
            .await
            .expect("the locks");
            if held > 0 {
                break;
            }
            assert!(!applied.is_finished(), "it stops");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        change(
            &store,
            "DELETE FROM terms WHERE NOT EXISTS (SELECT 1 FROM postings WHERE postings.term = terms.id)",
        )
        .await;
        holder.commit().await.expect("the lock is let go");
        applied.await.expect("it is tried again, and stored");
        assert_eq!(rows(&store, "postings").await, 5 * rows(&store, "uses").await);
    }
    store.close().await;
}
