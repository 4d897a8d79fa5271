use super::*;
use crate::made_up::{Spool, call};
use crate::store::{Arrival, Location};

/// A store in which what is asked for is behind more than a page looks through.
async fn store(directory: &tempfile::TempDir) -> Store {
    let place = Location::Directory(directory.path().into());
    let store = Store::open(&place).await.expect("a store");
    let now = Timestamp::now();
    let mut rare = call("alice", "rare");
    rare.evidence = Evidence::Dns;
    let calls = (0..3 * LOOKED).map(|number| call("alice", &format!("tool-{number}")));
    let mut spool = Spool::of("web-1");
    for report in [vec![rare], calls.collect()] {
        let arrival = Arrival::of(spool.report(report), now);
        store.apply(arrival).await.expect("the rows");
    }
    store
}

#[tokio::test]
async fn a_page_gives_up_and_says_where_to_go_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = store(&directory).await;
    let policy = InForce::default();
    let mut query = Query {
        evidence: Some(Evidence::Dns),
        ..Query::default()
    };
    let mut pages = Vec::new();
    loop {
        let page = query
            .rows(&store, &policy, Scope::default(), 10, Timestamp::now())
            .await
            .expect("a page");
        pages.push(
            page.rows
                .iter()
                .map(|used| used.program.clone())
                .collect::<Vec<_>>(),
        );
        match page.next {
            Some(next) => query.after = Some(next.to_string()),
            None => break,
        }
    }
    assert!(pages.len() > 1, "the first page did not look through everything");
    assert_eq!(pages.pop().expect("a last page"), ["rare"]);
    assert!(pages.iter().all(Vec::is_empty), "{pages:?}");
}

/// More rows than are put into order have the text, and with it another facet: the order is walked.
#[tokio::test]
async fn pages_in_another_order_lose_no_row_however_many_there_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Location::Directory(directory.path().into());
    let store = Store::open(&place).await.expect("a store");
    let calls = (0..4 * u64::from(LOOKED)).map(|number| {
        let mut call = call("alice", &format!("tool-{number}"));
        call.bytes_out = number * 7919 % 101;
        if number % 9 == 0 {
            call.evidence = Evidence::Dns;
        }
        call
    });
    let report = Spool::of("web-1").report(calls.collect());
    store
        .apply(Arrival::of(report, Timestamp::now()))
        .await
        .expect("the rows");
    let policy = InForce::default();
    let mut query = Query {
        q: Some("TOOL".to_owned()),
        evidence: Some(Evidence::Dns),
        sort: Some(Sort::BytesOut),
        ..Query::default()
    };
    let mut found = Vec::new();
    loop {
        let page = query
            .rows(&store, &policy, Scope::default(), 7, Timestamp::now())
            .await
            .expect("a page");
        found.extend(page.rows.iter().map(|used| (used.bytes_out, used.position)));
        match page.next {
            Some(next) => query.after = Some(next.to_string()),
            None => break,
        }
    }
    let expected = (0..4 * u64::from(LOOKED)).filter(|number| number % 9 == 0);
    let mut expected: Vec<u64> = expected.map(|number| number * 7919 % 101).collect();
    expected.sort_unstable_by(|one, other| other.cmp(one));
    let bytes: Vec<u64> = found.iter().map(|(bytes, _)| *bytes).collect();
    assert_eq!(bytes, expected);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), expected.len(), "each row is there once");
}
