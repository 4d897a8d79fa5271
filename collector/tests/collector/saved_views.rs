//! Questions to the inventory that people keep under a name, on the page and over the API.

use jiff::Timestamp;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::Role;
use umbra_collector::names::Names;

use crate::browser::Browser;
use crate::finding_pages::{html, logged_in};
use crate::made_up::{Spool, call};
use crate::running::Collector;
use crate::writes::person;

fn names(views: &Value) -> Vec<&str> {
    let views = views["views"].as_array().expect("views");
    views
        .iter()
        .map(|view| view["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn a_view_is_kept_opened_renamed_and_deleted_by_the_page() {
    let collector = Collector::start().await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    let mut vera = logged_in(&collector, "vera", Role::Viewer).await;
    let page = html(&vera, "inventory?vendor=OpenAI&q=claude&sort=bytes_out").await;
    let kept = r#"<input type="hidden" name="query" value="q=claude&#38;vendor=OpenAI&#38;sort=bytes_out">"#;
    assert!(page.contains(kept), "{page}");
    assert!(
        !page.contains("Everybody sees it"),
        "that is for analysts: {page}"
    );
    let csrf = vera.csrf().await;
    let query = "q=claude&vendor=OpenAI&sort=bytes_out";
    let save = |name| [("csrf", csrf.as_str()), ("name", name), ("query", query)];

    // What was typed stays, and why it was refused is said.
    let answer = vera.send("inventory/views", &save("  ")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let said = answer.text().await.expect("HTML");
    assert!(
        said.contains("Give the view a name of 1 to 60 characters"),
        "{said}"
    );
    assert!(said.contains("value=\"OpenAI\""), "it is the same page: {said}");

    let answer = vera.send("inventory/views", &save(" Big <b> & bold ")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let back = answer.headers()[LOCATION]
        .to_str()
        .expect("an address")
        .to_owned();
    assert_eq!(back, format!("/inventory?{query}"));
    let page = html(&vera, "inventory").await;
    let link =
        "<a href=\"/inventory?q=claude&#38;vendor=OpenAI&#38;sort=bytes_out\">Big &#60;b&#62; &#38; bold</a>";
    assert_eq!(page.matches(link).count(), 1, "{page}");
    // Opened, it is the one that is shown.
    let page = html(&vera, &back[1..]).await;
    assert!(
        page.contains("sort=bytes_out\" aria-current=\"page\">Big"),
        "{page}"
    );

    let change = |what, to| {
        [
            ("csrf", csrf.as_str()),
            ("name", "Big <b> & bold"),
            ("do", what),
            ("to", to),
            ("query", "vendor=OpenAI"),
        ]
    };
    let answer = vera
        .send("inventory/views/change", &change("rename", "Big"))
        .await;
    assert_eq!(answer.headers()[LOCATION], "/inventory?vendor=OpenAI");
    assert_eq!(names(&vera.json("v1/views").await), ["Big"]);
    let answer = vera
        .send("inventory/views/change", &change("rename", "Other"))
        .await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "it has another name now");
    vera.send("inventory/views", &save("Second")).await;
    let taken = [
        ("csrf", csrf.as_str()),
        ("name", "Second"),
        ("do", "rename"),
        ("to", "Big"),
    ];
    let answer = vera.send("inventory/views/change", &taken).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let gone = [("csrf", csrf.as_str()), ("name", "Big"), ("do", "delete")];
    let answer = vera.send("inventory/views/change", &gone).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(names(&vera.json("v1/views").await), ["Second"]);
    // Nobody else's page may do it.
    let answer = vera
        .send("inventory/views", &[("name", "x"), ("query", "")])
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_view_is_one_s_own_until_an_analyst_shares_it() {
    let collector = Collector::start().await;
    let vera = person(&collector, "vera", Role::Viewer).await;
    let ann = person(&collector, "ann", Role::Analyst).await;
    let view = json!({"query": "kind=api&after=1.1&limit=7&format=csv&host="});
    let (status, said) = vera.write(Method::PUT, "v1/views/Mine", &view).await;
    assert_eq!(
        (status, &said["query"]),
        (StatusCode::OK, &json!("kind=api")),
        "{said}"
    );
    assert_eq!(names(&ann.json("v1/views").await), [""; 0]);
    let shared = json!({"query": "verdict=prohibited", "shared": true});
    let (status, said) = vera.write(Method::PUT, "v1/views/Ours", &shared).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{said}");
    let (status, said) = ann.write(Method::PUT, "v1/views/Ours", &shared).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let views = vera.json("v1/views").await;
    assert_eq!(names(&views), ["Mine", "Ours"], "own ones first");
    assert_eq!(views["views"][1]["account"], "ann");
    let page = html(&vera, "inventory").await;
    assert!(page.contains("Ours <small>by ann</small></a>"), "{page}");
    assert!(
        !page.contains("<option value=\"Ours\""),
        "only ann changes it: {page}"
    );
    let (status, _) = vera.write(Method::DELETE, "v1/views/Ours", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is not hers");

    // The same name again is the same view.
    let (status, _) = ann
        .write(
            Method::PUT,
            "v1/views/Ours",
            &json!({"query": "verdict=sanctioned"}),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(names(&vera.json("v1/views").await), ["Mine"]);
    let own = ann.json("v1/views").await;
    assert_eq!(own["views"][0]["query"], "verdict=sanctioned", "{own}");
    ann.write(Method::PUT, "v1/views/Ours", &shared).await;

    // Who is gone shares nothing.
    let root = person(&collector, "root", Role::Admin).await;
    let (status, said) = root
        .write(Method::PATCH, "v1/accounts/ann", &json!({"disabled": true}))
        .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(names(&vera.json("v1/views").await), ["Mine"]);

    let (status, _) = vera.write(Method::DELETE, "v1/views/Mine", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let audit = root.json("v1/audit").await;
    let actions: Vec<&str> = audit["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| {
            entry["action"]
                .as_str()
                .filter(|action| action.starts_with("view_"))
        })
        .collect();
    assert_eq!(
        actions,
        [
            "view_deleted",
            "view_saved",
            "view_saved",
            "view_saved",
            "view_saved"
        ]
    );
    // A token is nobody's: it reads what is shared, and keeps nothing.
    assert_eq!(collector.get("v1/views").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_so_many_views_are_kept_of_questions_that_can_be_asked() {
    let collector = Collector::start().await;
    let vera = person(&collector, "vera", Role::Viewer).await;
    let long = "x".repeat(61);
    for (name, query) in [
        ("Wrong", "kind=toaster"),
        ("Wrong", "sort=luck"),
        ("Wrong", "caller=me"),
        (&*long, ""),
        ("two%0Alines", ""),
    ] {
        let (status, said) = vera
            .write(Method::PUT, &format!("v1/views/{name}"), &json!({"query": query}))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name} {query}: {said}");
    }
    for number in 0..50 {
        let path = format!("v1/views/View%20{number}");
        let (status, said) = vera.write(Method::PUT, &path, &json!({"query": ""})).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }
    let (status, said) = vera
        .write(Method::PUT, "v1/views/More", &json!({"query": ""}))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    let (status, _) = vera
        .write(Method::PUT, "v1/views/View%207", &json!({"query": "q=a"}))
        .await;
    assert_eq!(status, StatusCode::OK, "one of them may still change");
    let page = html(&vera, "inventory").await;
    assert!(page.len() < 100 * 1024, "{} bytes", page.len());
}

#[tokio::test]
async fn a_view_that_can_be_asked_no_more_says_why() {
    let collector = Collector::start().await;
    let vera = person(&collector, "vera", Role::Viewer).await;
    for (name, query) in [
        ("His", "user=zebedee"),
        ("Root", "user=root"),
        ("Theirs", "user=person-0f"),
    ] {
        let path = format!("v1/views/{name}");
        let (status, said) = vera.write(Method::PUT, &path, &json!({"query": query})).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }
    drop(vera);
    let collector = collector
        .restart_with(|settings| settings.names = Names::Pseudonyms)
        .await;
    let vera = logged_in_again(&collector).await;
    let views = vera.json("v1/views").await;
    assert!(!views.to_string().contains("zebedee"), "{views}");
    assert_eq!(views["views"][0]["query"], Value::Null);
    assert!(
        views["views"][0]["wrong"]
            .as_str()
            .is_some_and(|why| why.contains("pseudonyms"))
    );
    assert_eq!(views["views"][1]["query"], "user=root");
    assert_eq!(views["views"][2]["query"], "user=person-0f");
    let page = html(&vera, "inventory").await;
    assert!(
        page.contains("<b>His</b> cannot be opened. It is about a user by name"),
        "{page}"
    );
    assert!(!page.contains("zebedee"), "{page}");
    let (status, said) = vera
        .write(Method::PUT, "v1/views/Again", &json!({"query": "user=zebedee"}))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
}

async fn logged_in_again(collector: &Collector) -> Browser {
    let store = collector.store().await;
    let secret = store.log_in("vera", "127.0.0.1", Timestamp::now()).await;
    store.close().await;
    Browser::with(collector, &secret.expect("the store").expect("a session"))
}
