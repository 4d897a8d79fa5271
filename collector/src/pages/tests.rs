use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::format::{Time, ago, bytes, thousands};
use super::*;
use crate::ingest::Limits;
use crate::made_up::{Spool, call};
use crate::store::Store;

#[test]
fn counts_have_a_comma_at_each_thousand() {
    for (count, text) in [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (12_345, "12,345"),
        (1_000_000, "1,000,000"),
        (u64::MAX, "18,446,744,073,709,551,615"),
    ] {
        assert_eq!(thousands(count), text);
    }
}

#[test]
fn bytes_have_a_unit_and_few_digits() {
    for (count, text) in [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (102_399, "99.9 KiB"),
        (102_400, "100 KiB"),
        (1_048_575, "1023 KiB"),
        (1_048_576, "1.0 MiB"),
        (1 << 30, "1.0 GiB"),
        (1 << 40, "1.0 TiB"),
        (1 << 50, "1.0 PiB"),
        (u64::MAX, "15.9 EiB"),
    ] {
        assert_eq!(bytes(count), text);
    }
}

#[test]
fn times_say_their_zone_and_ages_their_unit() {
    let now: Timestamp = "2026-11-24T10:15:03.999Z".parse().expect("a time");
    let time = Time::from(now);
    assert_eq!(
        (time.date.as_str(), time.clock.as_str()),
        ("2026-11-24", "10:15:03 UTC")
    );
    assert_eq!(time.whole, "2026-11-24T10:15:03.999Z");
    for (seconds, text) in [
        (0, "just now"),
        (9, "just now"),
        (10, "10 s ago"),
        (59, "50 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (400 * 86_400, "400 d ago"),
    ] {
        assert_eq!(ago(now - Duration::from_secs(seconds), now), text);
    }
    assert_eq!(
        ago(now + Duration::from_mins(1), now),
        "just now",
        "a clock that runs ahead"
    );
}

proptest! {
    #[test]
    fn what_is_shown_is_at_most_one_step_below_the_truth(count: u64) {
        let text = bytes(count);
        let (number, unit) = text.split_once(' ').expect("a unit");
        let place = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].iter().position(|known| *known == unit);
        let scale = 1_u128 << (10 * place.expect("a known unit"));
        let tenths: u128 = match number.split_once('.') {
            Some((whole, tenth)) => whole.parse::<u128>().expect("digits") * 10 + tenth.parse::<u128>().expect("a digit"),
            None => number.parse::<u128>().expect("digits") * 10,
        };
        let step = if number.contains('.') || unit == "B" { 1 } else { 10 };
        prop_assert!(tenths * scale <= u128::from(count) * 10, "{text} is more than {count}");
        prop_assert!(u128::from(count) * 10 < (tenths + step) * scale || unit == "B", "{text} is far below {count}");
        prop_assert!(number.len() <= 4);
    }

    #[test]
    fn commas_are_the_only_thing_added(count: u64) {
        prop_assert_eq!(thousands(count).replace(',', ""), count.to_string());
    }
}

/// The page of a store with more rows than fit, for this query.
async fn page(query: Query) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Arc::new(
        Store::open(&crate::store::Location::Directory(directory.path().into()))
            .await
            .expect("a store"),
    );
    let calls = (0..=ROWS).map(|number| call("alice", &format!("a&b {number}")));
    let report = Spool::of("web-1").report(calls.collect());
    store
        .apply(crate::store::Arrival::of(report, Timestamp::now()))
        .await
        .expect("the rows");
    let page = "https://umbra.example/".parse().expect("a URL");
    let app = App::new(store, None, Limits::default(), page);
    let view = view(&app, crate::access::Scope::default(), Ok(QueryOf(query)))
        .await
        .expect("a view");
    let principal = crate::access::Principal {
        actor: "eve".to_owned(),
        account: Some("eve".to_owned()),
        rights: Vec::new(),
        scope: crate::access::Scope::default(),
        csrf: None,
    };
    Page { view, principal }.render().expect("HTML")
}

#[tokio::test]
async fn the_way_on_keeps_the_search_and_is_a_query_that_is_understood() {
    let html = page(Query {
        q: Some("A&B".to_owned()),
        ..Query::default()
    })
    .await;
    let next = html
        .split("rel=\"next\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let next = next.expect("a next page").replace("&#38;", "&");
    let fields: Vec<_> =
        form_urlencoded::parse(next.strip_prefix('?').expect("a query").as_bytes()).collect();
    assert_eq!(fields[0], ("q".into(), "A&B".into()));
    let after = Query {
        after: Some(fields[1].1.to_string()),
        ..Query::default()
    };
    assert_eq!(fields[1].0, "after");
    assert!(
        after
            .selection(crate::access::Scope::default())
            .expect("a selection")
            .after
            .is_some()
    );
    assert!(html.contains("100 rows, newest first; there are more."));
}

#[tokio::test]
async fn a_place_that_is_none_is_refused_and_long_searches_are_cut() {
    for after in ["x", "1", "1.", ".1", "1.2.3", "1.9223372036854775808"] {
        let query = Query {
            after: Some(after.to_owned()),
            ..Query::default()
        };
        let refusal = query.selection(crate::access::Scope::default()).expect_err(after);
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
    }
    let query = Query {
        q: Some("é".repeat(1000)),
        after: Some(String::new()),
        ..Query::default()
    };
    let selection = query
        .selection(crate::access::Scope::default())
        .expect("a selection");
    assert_eq!(selection.text.expect("a text").chars().count(), 200);
    assert_eq!(selection.after, None);
}
