//! Pages in any order, put together, are what all rows put into this order are.

use proptest::prelude::*;
use umbra_report::Observation;

use super::search::{PEOPLE, PROGRAMS, TEXTS, VENDORS, every, has, pages};
use super::{Place, apply};
use crate::access::Scope;
use crate::labels::Label;
use crate::made_up::{Spool, ago, call};
use crate::store::{Along, Selection, Sort, Store, Term, Use, on};

const HOSTS: [&str; 3] = ["web-1.Example", "web-2", "db_1"];

/// Host, person, program, vendor; seconds since it was first and last seen; bytes.
type Seen = (usize, usize, usize, usize, u64, u64, u64);

fn observation((_, person, program, vendor, first, last, bytes): Seen) -> Observation {
    let mut observation = call(PEOPLE[person], PROGRAMS[program]);
    let (vendor, name) = VENDORS[vendor];
    vendor.clone_into(&mut observation.vendor);
    name.clone_into(&mut observation.name);
    observation.first_seen = ago(first.max(last));
    observation.last_seen = ago(first.min(last));
    observation.bytes_out = bytes;
    if person == 2 {
        observation.caller.user.name = None;
    }
    observation
}

/// The first two hosts are those of a team.
async fn seen(store: &Store, seen: &[Seen]) {
    for (host, name) in HOSTS.iter().enumerate() {
        let of = seen.iter().filter(|it| it.0 == host).map(|it| observation(*it));
        let mut spool = Spool::of(name);
        let report = spool.report(of.collect());
        apply(store, &report).await;
        if host < 2 {
            on!(store.writer(), |db| sqlx::query(
                "INSERT INTO enrolments (agent, key, token, host, enrolled, labels)
                 VALUES ($1, '', '', '', 1, '{\"team\":\"web\"}')"
            )
            .bind(report.agent.id.to_string())
            .execute(db)
            .await
            .map(drop))
            .expect("an enrolment");
        }
    }
}

/// What comes first is the greatest.
fn key(sort: Sort, row: &Use) -> (i64, i64) {
    let value = match sort {
        Sort::FirstSeen => row.first_seen.as_millisecond(),
        Sort::LastSeen => row.last_seen.as_millisecond(),
        Sort::BytesOut => i64::try_from(row.bytes_out).expect("a sum"),
    };
    (value, row.position.id)
}

/// Whatever is asked for, for all hosts or for a team, with `most` rows at hand or by a walk.
async fn the_order_is_kept(store: &Store, sort: Sort, most: u16, is_team: bool, limit: u16) {
    type Is<'a> = Box<dyn Fn(&Use) -> bool + 'a>;
    let every = every(store).await;
    let mut ways: Vec<(Along, Is<'_>)> = vec![(Along::All, Box::new(|_| true))];
    for text in TEXTS.into_iter().take(7) {
        ways.push((Along::Text(text.to_owned()), Box::new(move |row| has(row, text))));
    }
    for (vendor, _) in VENDORS {
        let along = Along::Destinations(Some(vendor.to_owned()), None);
        ways.push((along, Box::new(move |row| row.vendor == vendor)));
    }
    for row in every.iter().take(3) {
        ways.push((Along::Caller(row.caller), Box::new(|of| of.caller == row.caller)));
        if let Some(finding) = row.finding {
            let is = move |of: &Use| of.finding == Some(finding);
            ways.push((Along::Finding(finding), Box::new(is)));
        }
        let host = row.host.to_uppercase();
        ways.push((Along::Term(Term::Host, host), Box::new(|of| of.host == row.host)));
        ways.push((
            Along::Term(Term::Program, row.program.clone()),
            Box::new(|of| of.program == row.program),
        ));
    }
    let team: Scope = ["team=web".parse::<Label>().expect("a label")]
        .into_iter()
        .collect();
    let scope = if is_team { team } else { Scope::default() };
    for (along, is) in ways {
        let is_seen = |row: &&Use| scope.is_all() || row.host != HOSTS[2];
        let asked = every.iter().filter(is_seen).filter(|row| is(row));
        let mut expected: Vec<(i64, i64)> = asked.map(|row| key(sort, row)).collect();
        expected.sort_unstable_by(|one, other| other.cmp(one));
        let selection = Selection {
            sort,
            along: along.clone(),
            scope: scope.clone(),
            after: None,
        };
        let at_hand = store.at_hand(selection.clone(), most).await.expect("rows");
        let found = pages(store, &at_hand, limit).await;
        let found: Vec<(i64, i64)> = found.iter().map(|place| (place.value, place.id)).collect();
        assert_eq!(found, expected, "{selection:?} by {limit}, {most} at hand");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Few different times and sums, so that many rows share one.
    #[test]
    fn pages_in_any_order_are_what_all_rows_in_that_order_are(
        uses in prop::collection::vec(
            (0..3_usize, 0..4_usize, 0..4_usize, 0..3_usize, 0..6_u64, 0..6_u64, 0..4_u64), 0..40),
        limit in 3..12_u16,
        sort in prop::sample::select(Sort::ALL.to_vec()),
        most in prop::sample::select(vec![0_u16, 7, 1000]),
        is_team: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        for place in [Some(Place::sqlite()), Place::postgres()].into_iter().flatten() {
            runtime.block_on(async {
                let store = place.store().await;
                seen(&store, &uses).await;
                the_order_is_kept(&store, sort, most, is_team, limit).await;
                store.close().await;
            });
        }
    }
}
