//! From a caller's page to a sanction, in a browser: an analyst asks, and an approver decides.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use umbra_collector::access::Role;

use crate::browser::Browser;
use crate::finding_pages::{html, logged_in};
use crate::made_up::{Spool, call};
use crate::policy::json;
use crate::running::Collector;

/// Asks for what cannot be, and then for a trial.
async fn ask(eve: &mut Browser, caller: &str) {
    let csrf = eve.csrf().await;
    let path = format!("{caller}/request");
    let fields = |reason, until, data| {
        [
            ("csrf", csrf.as_str()),
            ("sanction", "trial"),
            ("vendor", "OpenAI"),
            ("mine", "yes"),
            ("data", data),
            ("reason", reason),
            ("until", until),
            ("ticket", ""),
        ]
    };
    // What was typed stays.
    for (reason, until, why) in [
        ("", "", "`reason`"),
        (
            "A <trial>",
            "soon",
            "The day until which it is to hold is not one",
        ),
        ("A <trial>", "1999-01-01", "1999-01-01"),
    ] {
        let answer = eve.send(&path, &fields(reason, until, "confidential")).await;
        assert!(answer.status().is_client_error(), "{until}");
        let page = answer.text().await.expect("HTML");
        assert!(
            page.contains(why) && page.contains("<option selected>confidential"),
            "{page}"
        );
    }
    let answer = eve
        .send(&path, &fields("A <trial>", "2099-01-01", "confidential"))
        .await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let there = answer.headers()[LOCATION]
        .to_str()
        .expect("an address")
        .to_owned();
    assert_eq!(there, format!("/{caller}?asked=1#ask"));
    let page = html(eve, there.trim_start_matches('/')).await;
    assert!(page.contains("Request 1 waits for a decision."), "{page}");
}

#[tokio::test]
async fn a_caller_is_asked_for_approved_and_sanctioned() {
    let collector = Collector::start().await;
    let (alice, bob) = (call("alice", "claude"), call("bob", "claude"));
    collector.take(&Spool::of("web-1").report(vec![alice, bob])).await;
    let rows = json(&collector, "v1/inventory?user=alice").await;
    let caller = format!("callers/{}", rows["rows"][0]["caller"]);
    let mut eve = logged_in(&collector, "eve", Role::Analyst).await;
    let page = html(&eve, &caller).await;
    for part in [
        "Ask for a sanction",
        r#"value="claude-openai""#,
        "For alice alone",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    ask(&mut eve, &caller).await;
    let csrf = eve.csrf().await;
    // Whoever asks may only take it back.
    let page = html(&eve, "requests/1").await;
    assert!(
        page.contains("Withdraw the request") && !page.contains("Approve"),
        "{page}"
    );
    let answer = eve
        .send("requests/1/decide", &[("csrf", &csrf), ("decision", "approve")])
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);

    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    let list = html(&ada, "requests").await;
    assert!(list.contains(r#"<a href="/requests/1">"#), "{list}");
    let page = html(&ada, "requests/1").await;
    for part in [
        "eve asks that vendor OpenAI",
        "user alice",
        "A &#60;trial&#62;",
        "Approve",
        "confidential",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let csrf = ada.csrf().await;
    let decide = |decision, reason| {
        [
            ("csrf", csrf.as_str()),
            ("decision", decision),
            ("reason", reason),
        ]
    };
    let answer = ada.send("requests/1/decide", &decide("refuse", " ")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(
        answer
            .text()
            .await
            .expect("HTML")
            .contains("Say why: give a reason.")
    );
    let answer = ada.send("requests/1/decide", &decide("approve", "Fine")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let page = html(&ada, "requests/1").await;
    assert!(
        page.contains("approved by ada") && page.contains("policy, version 1"),
        "{page}"
    );
    let verdict = async |user| {
        let rows = json(&collector, &format!("v1/inventory?user={user}")).await;
        rows["rows"][0]["verdict"].as_str().expect("a verdict").to_owned()
    };
    assert_eq!(
        (verdict("alice").await, verdict("bob").await),
        ("sanctioned".to_owned(), "unreviewed".to_owned())
    );
    // A second time is none.
    let answer = ada.send("requests/1/decide", &decide("refuse", "No")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn nobody_approves_their_own_request_for_confidential_data() {
    let collector = Collector::start().await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    let rows = json(&collector, "v1/inventory").await;
    let path = format!("callers/{}/request", rows["rows"][0]["caller"]);
    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    let csrf = ada.csrf().await;
    let asked = [
        ("csrf", csrf.as_str()),
        ("sanction", "own"),
        ("vendor", "OpenAI"),
        ("data", "restricted"),
        ("reason", "Mine"),
    ];
    assert_eq!(ada.send(&path, &asked).await.status(), StatusCode::SEE_OTHER);
    let answer = ada
        .send("requests/1/decide", &[("csrf", &csrf), ("decision", "approve")])
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.expect("HTML");
    assert!(
        page.contains("role=\"alert\"") && page.contains("pending"),
        "{page}"
    );
    // Without the page's own mark nothing is done.
    let answer = ada
        .send("requests/1/decide", &[("decision", "refuse"), ("reason", "x")])
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = html(&ada, "requests/1").await;
    assert!(page.contains("Approve"), "it is pending as before: {page}");
}
