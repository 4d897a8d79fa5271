//! A person's name is taken out over the API and on the page.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::Role;
use umbra_collector::store::Duty;

use crate::browser::Browser;
use crate::made_up::{Spool, call};
use crate::policy::json as ask;
use crate::running::Collector;
use crate::writes::person;

/// A collector with a row of eve's and one of steve's, and an admin.
async fn begin() -> (Collector, Browser) {
    let collector = Collector::start().await;
    let calls = vec![call("eve", "claude"), call("steve", "curl")];
    collector.take(&Spool::of("web-1").report(calls)).await;
    let ada = person(&collector, "ada", Role::Admin).await;
    (collector, ada)
}

async fn erase(ada: &Browser, body: Value) -> (StatusCode, Value) {
    ada.write(Method::POST, "v1/people/erase", &body).await
}

/// Has another one take a name out, or end that.
async fn other(collector: &Collector, begins: bool) {
    let duty = Duty {
        name: "erasure",
        holder: uuid::Uuid::from_u128(1),
    };
    let store = collector.store().await;
    if begins {
        let taken = store.take_duty(duty, jiff::Timestamp::now(), Duration::from_mins(2));
        assert!(taken.await.expect("the store").is_some());
    } else {
        store.leave_duty(duty).await.expect("the store");
    }
    store.close().await;
}

#[tokio::test]
async fn a_name_goes_over_the_api_and_the_log_has_it_without() {
    let (collector, ada) = begin().await;
    for (body, why) in [
        (json!({"name": "eve", "reason": " "}), "say why"),
        (
            json!({"name": "eve", "reason": "Eve asked"}),
            "the reason has the name in it",
        ),
        (
            json!({"name": "ada", "reason": "SEC-40"}),
            "who does it has that name",
        ),
        (
            json!({"name": "/home/eve", "reason": "SEC-40"}),
            "without spaces and slashes",
        ),
        (
            json!({"name": "eve", "reason": "SEC-40", "pseudonym": "steve"}),
            "a pseudonym is",
        ),
        (json!({"name": "eve"}), "this is not"),
    ] {
        let (status, said) = erase(&ada, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        assert!(said["error"].as_str().expect("why").contains(why), "{said}");
    }
    other(&collector, true).await;
    let wanted = json!({"name": "eve", "reason": "SEC-40"});
    let (status, said) = erase(&ada, wanted.clone()).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    other(&collector, false).await;
    let rows = ask(&collector, "v1/inventory?q=eve").await;
    assert!(rows.to_string().contains("\"eve\""), "nothing was done: {rows}");

    let (status, said) = erase(&ada, wanted).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let pseudonym = said["pseudonym"].as_str().expect("a pseudonym").to_owned();
    assert_eq!(
        said,
        json!({
            "pseudonym": pseudonym, "callers": 1, "programs": 0, "findings": 0, "requests": 0, "views": 0,
            "accounts": 0, "audit": 0, "policies": 0
        })
    );
    let rows = ask(&collector, "v1/inventory").await.to_string();
    assert!(
        rows.contains(&pseudonym) && rows.contains("steve") && !rows.contains("\"eve\""),
        "{rows}"
    );
    let log = ask(&collector, "v1/audit?limit=2").await;
    let told = ["person_erased", "erasure_begun"];
    for (entry, action) in log["entries"].as_array().expect("entries").iter().zip(told) {
        assert_eq!(
            (&entry["action"], &entry["actor"], &entry["subject"]),
            (&json!(action), &json!("ada"), &json!(pseudonym))
        );
    }
    assert!(!log.to_string().contains("eve"), "{log}");
    // What was stopped is gone on with.
    let again = json!({"name": "eve", "reason": "SEC-40", "pseudonym": pseudonym});
    let (status, said) = erase(&ada, again).await;
    assert_eq!((status, &said["pseudonym"]), (StatusCode::OK, &json!(pseudonym)));
    assert_eq!(said["callers"], 0);
}

#[tokio::test]
async fn a_name_goes_on_the_page_when_it_is_typed_twice() {
    let (collector, mut ada) = begin().await;
    let csrf = ada.csrf().await;
    let mut send = async |name, again, reason| {
        let fields = [
            ("csrf", csrf.as_str()),
            ("name", name),
            ("again", again),
            ("reason", reason),
            ("pseudonym", ""),
        ];
        let answer = ada.send("settings/erase", &fields).await;
        (answer.status(), answer.text().await.expect("HTML"))
    };
    for (name, again, reason, why) in [
        ("eve", "steve", "SEC-40", "The two names are not the same."),
        ("eve", "eve", "Eve asked", "The reason has the name in it"),
    ] {
        let (status, page) = send(name, again, reason).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            page.contains(why) && page.contains(reason),
            "{why} is not in {page}"
        );
        assert!(!page.contains("role=\"status\""), "{page}");
    }
    other(&collector, true).await;
    let (status, page) = send("eve", "eve", "SEC-40").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("Another name is being taken out"), "{page}");
    other(&collector, false).await;
    let (status, page) = send(" eve", "eve", "SEC-40").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("role=\"status\"") && page.contains("callers 1, programs 0"),
        "{page}"
    );
    assert!(!page.contains("eve\""), "the name is not given back: {page}");
    let rows = ask(&collector, "v1/inventory").await.to_string();
    assert!(!rows.contains("\"eve\""), "{rows}");
}
