//! How SQLite goes about a search. PostgreSQL plans by what is in its tables.

use super::Place;
use crate::store::Both;
use crate::store::questions::{HOURS, SENDERS};
use crate::store::search::{
    ALL, OF_AGENT, OF_CALLER, OF_DESTINATION, OF_DESTINATIONS, OF_FINDING, OF_TERM, WITH_TEXT,
};
use crate::store::sorted::{
    BY_BYTES_OUT, BY_FIRST_SEEN, BY_LAST_SEEN, THESE, UNDER_CALLERS, UNDER_DESTINATIONS, UNDER_TERMS,
};

/// What a search makes itself, which is small.
const MADE: [&str; 16] = [
    "SCAN found",
    "SCAN newest",
    "SCAN n",
    "SCAN there",
    "SCAN heads",
    "SCAN h",
    "SCAN least",
    "SCAN l",
    "SCAN matched",
    "SCAN m",
    "SCAN s",
    "SCAN CONSTANT ROW",
    // Vendors' destinations, their parts of uses, and rows that are asked for.
    "SCAN d",
    "SCAN o",
    "SCAN r VIRTUAL TABLE INDEX 1:",
    "SCAN jsonb_each VIRTUAL TABLE INDEX 1:",
];

/// One that goes through a table goes through a million rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_through_no_table() {
    let place = Place::sqlite();
    let store = place.store().await;
    let Both::Sqlite(readers) = store.readers() else {
        panic!("this is SQLite")
    };
    for statement in [
        ALL,
        WITH_TEXT,
        OF_FINDING,
        OF_DESTINATIONS,
        OF_CALLER,
        OF_AGENT,
        OF_TERM,
        OF_DESTINATION,
        SENDERS,
        HOURS.sqlite,
        BY_FIRST_SEEN,
        BY_LAST_SEEN,
        BY_BYTES_OUT,
        THESE.sqlite,
        UNDER_CALLERS.sqlite,
        UNDER_DESTINATIONS.sqlite,
        UNDER_TERMS.sqlite,
    ] {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(plan))
            .fetch_all(readers)
            .await
            .expect("a plan");
        let through: Vec<&String> = steps
            .iter()
            .map(|(_, _, _, step)| step)
            .filter(|step| step.starts_with("SCAN") && !MADE.contains(&step.as_str()))
            .collect();
        assert!(through.is_empty(), "{through:?} of {steps:#?}");
    }
}

/// An order is walked along its index: to sort a million rows takes seconds.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_walked_along_its_index() {
    let place = Place::sqlite();
    let store = place.store().await;
    let Both::Sqlite(readers) = store.readers() else {
        panic!("this is SQLite")
    };
    for (statement, index) in [
        (BY_FIRST_SEEN, "uses_first_seen"),
        (BY_LAST_SEEN, "uses_last_seen"),
        (BY_BYTES_OUT, "uses_bytes_out"),
    ] {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(plan))
            .fetch_all(readers)
            .await
            .expect("a plan");
        let is_walk = |step: &str| step.starts_with("SEARCH uses USING") && step.contains(index);
        // What is found is put into order again; the walk itself is not.
        let sorts = steps.iter().filter(|(.., step)| step.contains("TEMP B-TREE"));
        assert!(steps.iter().any(|(.., step)| is_walk(step)), "{steps:#?}");
        assert_eq!(sorts.count(), 1, "{steps:#?}");
    }
}
