//! The inventory in other orders: the page, the API and tables, page after page.

use reqwest::StatusCode;
use serde_json::Value;
use umbra_report::Observation;

use crate::made_up::{Spool, ago, call};
use crate::policy::json;
use crate::running::Collector;

/// First and last seen so many seconds ago, and bytes sent.
fn used(program: &str, first: u64, last: u64, bytes: u64) -> Observation {
    let mut call = call("alice", program);
    call.first_seen = ago(first);
    call.last_seen = ago(last);
    call.bytes_out = bytes;
    call
}

async fn started() -> Collector {
    let collector = Collector::start().await;
    let calls = vec![
        used("old", 50, 2, 500),
        used("middle", 40, 30, 90_000),
        used("new", 20, 10, 7),
    ];
    collector.take(&Spool::of("web-1").report(calls)).await;
    collector
}

const ORDERS: [(&str, [&str; 3]); 4] = [
    ("", ["new", "middle", "old"]),
    ("sort=first_seen", ["new", "middle", "old"]),
    ("sort=last_seen", ["old", "new", "middle"]),
    ("sort=bytes_out", ["middle", "old", "new"]),
];

/// All programs of an answer's pages of one row each.
async fn one_by_one(collector: &Collector, query: &str) -> Vec<String> {
    let (mut programs, mut after) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = json(collector, &format!("v1/inventory?{query}&limit=1&after={after}")).await;
        for row in page["rows"].as_array().expect("rows") {
            programs.push(row["program"].as_str().expect("a program").to_owned());
        }
        match &page["next"] {
            Value::String(next) => after.clone_from(next),
            _ => return programs,
        }
    }
    panic!("it does not end: {programs:?}")
}

#[tokio::test]
async fn each_order_holds_on_every_way_and_over_pages() {
    let collector = started().await;
    for (sort, expected) in ORDERS {
        for narrow in [
            "",
            "q=WEB-1",
            "user=alice&",
            "vendor=OpenAI",
            "kind=api&evidence=tls_sni",
        ] {
            let query = format!("{narrow}&{sort}");
            assert_eq!(one_by_one(&collector, &query).await, expected, "{query}");
        }
        let table = collector.get(&format!("v1/inventory?{sort}&format=csv")).await;
        let table = table.text().await.expect("a table");
        let places = expected.map(|program| table.find(&format!(",{program},")));
        assert!(places.is_sorted() && places[0].is_some(), "{sort}: {table}");
        let page = collector.page(&format!("inventory?{sort}")).await;
        let places = expected.map(|program| page.find(&format!("{program}</a>")));
        assert!(places.is_sorted() && places[0].is_some(), "{sort}: {page}");
    }
    let answer = collector.get("v1/inventory?sort=luck").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_says_its_order_and_everything_on_it_keeps_it() {
    let collector = started().await;
    let page = collector
        .page("inventory?sort=bytes_out&vendor=OpenAI&q=alice")
        .await;
    let page = page.replace("&#38;", "&");
    assert_eq!(page.matches("aria-sort=\"descending\"").count(), 1, "{page}");
    assert!(page.contains("aria-sort=\"descending\">Bytes out "), "{page}");
    for link in [
        // The other orders keep what it is narrowed by, and begin anew.
        r#"href="/inventory?q=alice&vendor=OpenAI""#,
        r#"href="/inventory?q=alice&vendor=OpenAI&sort=last_seen""#,
        // Without a facet.
        r#"href="/inventory?q=alice&sort=bytes_out""#,
        r#"href="/inventory?vendor=OpenAI&sort=bytes_out""#,
        r#"href="/v1/inventory?q=alice&vendor=OpenAI&sort=bytes_out&limit=1000&amp;format=csv""#,
    ] {
        assert!(page.contains(link), "{link}: {page}");
    }
    // The search and the form beside it.
    let kept = r#"<input type="hidden" name="sort" value="bytes_out">"#;
    assert_eq!(page.matches(kept).count(), 2, "{page}");
    assert!(!page.contains(
        "Without it\"><span aria-hidden=\"true\">×</span><span class=\"spoken\">Show also others than Sort"
    ));
    // An order alone narrows nothing.
    let page = collector.page("inventory?sort=last_seen").await;
    assert!(
        !page.contains("aria-label=\"Narrowed by\"") && !page.contains("All callers</a>"),
        "{page}"
    );
}
