use std::sync::Arc;

use super::*;
use crate::ingest::Limits;
use crate::made_up::{Spool, call};
use crate::store::Store;

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
    let shell = Shell::of(Section::Inventory, principal);
    Page { shell, view }.render().expect("HTML")
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
    assert!(html.contains("50 rows, newest first; there are more."));
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
