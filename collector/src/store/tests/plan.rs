//! How SQLite goes about a search. PostgreSQL plans by what is in its tables.

use super::Place;
use crate::store::Both;
use crate::store::questions::{HOURS, SENDERS};
use crate::store::search::{
    ALL, OF_AGENT, OF_CALLER, OF_DESTINATION, OF_DESTINATIONS, OF_FINDING, OF_TERM, WITH_TEXT,
};

/// What a search makes itself, which is small.
const MADE: [&str; 14] = [
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
    "SCAN CONSTANT ROW",
    // Vendors' destinations, their parts of uses, and rows that are asked for.
    "SCAN d",
    "SCAN o",
    "SCAN r VIRTUAL TABLE INDEX 1:",
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
