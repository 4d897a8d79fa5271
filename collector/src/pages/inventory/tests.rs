use std::sync::Arc;

use umbra_report::Evidence;

use super::filter::Filter;
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
    let principal = crate::access::Principal {
        actor: "eve".to_owned(),
        account: Some("eve".to_owned()),
        rights: Vec::new(),
        scope: crate::access::Scope::default(),
        csrf: None,
    };
    let views = Views::of(&app, &principal, &query, None).await.expect("views");
    let view = view(&app, &principal, query).await.expect("a view");
    let shell = Shell::of(Section::Inventory, principal);
    Page { shell, view, views }.render().expect("HTML")
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
        form_urlencoded::parse(next.strip_prefix("/inventory?").expect("a query").as_bytes()).collect();
    assert_eq!(fields[0], ("q".into(), "A&B".into()));
    assert_eq!(fields[1].0, "after");
    assert!(fields[1].1.parse::<crate::store::Position>().is_ok());
    assert!(html.contains("30 rows, newest first; there are more."));
}

#[test]
fn what_narrows_it_is_told_and_can_be_taken_away() {
    let filter = Filter::of(&Query {
        q: Some(" é".repeat(1000)),
        user: Some("eve & ann".to_owned()),
        evidence: Some(Evidence::TlsSni),
        finding: Some(7),
        ..Query::default()
    });
    let told: Vec<_> = filter
        .chips
        .iter()
        .map(|chip| (chip.title, chip.value.chars().count(), &*chip.without))
        .collect();
    let text: String = form_urlencoded::byte_serialize(" é".repeat(1000).trim().as_bytes()).collect();
    let text = &text[..text.len().min(100)];
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(
        told[0],
        (
            "Text",
            200,
            "/inventory?user=eve+%26+ann&evidence=tls_sni&finding=7"
        )
    );
    assert_eq!((told[1].0, told[1].1), ("User", 9));
    assert!(told[1].2.starts_with(&format!("/inventory?q={text}")), "{told:?}");
    assert_eq!(filter.chips[2].value, "TLS SNI");
    // The search beside it keeps the rest, but for the finding, whose rows are few.
    let kept: Vec<_> = filter.kept.iter().map(|(field, _)| *field).collect();
    assert_eq!(kept, ["user", "evidence"]);
}
