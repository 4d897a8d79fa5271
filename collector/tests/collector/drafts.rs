//! A policy that is written, looked at and put in force in a browser.

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use umbra_collector::access::Role;

use crate::finding_pages::{html, logged_in};
use crate::made_up::{Spool, call};
use crate::policy::json;
use crate::running::Collector;

const POLICY: &str = "version = 1\r\n[[sanction]]\r\nid = \"chats\"\r\nverdict = \"prohibited\"\r\nvendor = \"OpenAI\"\r\n\
                      reason = \"<Not> now\"\r\napprover = \"Ada\"\r\n";

/// What a hidden field of a page holds.
fn hidden(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = field.and_then(|rest| rest.split('"').next());
    value.expect("the field").to_owned()
}

#[tokio::test]
async fn what_was_looked_at_is_put_in_force_and_nothing_else() {
    let collector = Collector::start().await;
    let calls = vec![call("alice", "claude"), call("bob", "bot")];
    collector.take(&Spool::of("web-1").report(calls)).await;
    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    let list = html(&ada, "policy").await;
    assert!(list.contains("href=\"/policy/draft\""), "{list}");
    let page = html(&ada, "policy/draft").await;
    assert!(
        page.contains("against none") && !page.contains("Put it in force"),
        "{page}"
    );
    let csrf = ada.csrf().await;

    // A mistake is told with its line, and what was typed stays.
    let wrong = POLICY.replace("verdict", "verdikt");
    let fields = [("csrf", csrf.as_str()), ("policy", &wrong), ("action", "plan")];
    let answer = ada.send("policy/draft", &fields).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let page = answer.text().await.expect("HTML");
    assert!(
        page.contains("cannot be used") && page.contains("verdikt = "),
        "{page}"
    );

    let fields = [("csrf", csrf.as_str()), ("policy", POLICY), ("action", "plan")];
    let answer = ada.send("policy/draft", &fields).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let plan = answer.text().await.expect("HTML");
    for part in [
        "2 of 2 uses would have another verdict",
        "<b>claude</b> of alice on web-1",
        "unreviewed → <b>prohibited</b>",
        "reason = &#34;&#60;Not&#62; now&#34;",
        "Put it in force",
    ] {
        assert!(plan.contains(part), "{part} is not in {plan}");
    }
    let version = async |collector: &Collector| json(collector, "v1/policy").await["version"].clone();
    assert!(version(&collector).await.is_null(), "a plan changes nothing");

    // Another text than the one that was looked at is looked at first.
    let (planned, other) = (hidden(&plan, "planned"), POLICY.replace("OpenAI", "Anthropic"));
    let apply = |policy| {
        [
            ("csrf", csrf.as_str()),
            ("policy", policy),
            ("against", "0"),
            ("planned", planned.as_str()),
            ("comment", "First"),
            ("action", "apply"),
        ]
    };
    let answer = ada.send("policy/draft", &apply(&other)).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let page = answer.text().await.expect("HTML");
    assert!(
        page.contains("has changed since it was planned") && page.contains("0 of 2 uses"),
        "{page}"
    );
    assert!(version(&collector).await.is_null());

    let answer = ada.send("policy/draft", &apply(POLICY)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[LOCATION], "/policy/1");
    let page = html(&ada, "policy/1").await;
    assert!(page.contains("by ada") && page.contains("<q>First</q>"), "{page}");
    let rows = json(&collector, "v1/inventory").await;
    assert_eq!(rows["rows"][0]["verdict"], "prohibited");
    // Whoever was slower is told so.
    let answer = ada.send("policy/draft", &apply(POLICY)).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = html(&ada, "policy/draft").await;
    assert!(
        page.contains("against version 1") && page.contains("id = &#34;chats&#34;"),
        "{page}"
    );

    let eve = logged_in(&collector, "eve", Role::Analyst).await;
    assert_eq!(eve.get("policy/draft").await.status(), StatusCode::FORBIDDEN);
    assert!(!html(&eve, "policy").await.contains("policy/draft"));
}

#[tokio::test]
async fn what_takes_two_people_is_not_brought_by_one() {
    let collector = Collector::start().await;
    let ada = logged_in(&collector, "ada", Role::Approver).await;
    let sanction = |vendor: &str, data: &str, reason: &str| {
        let id = vendor.to_lowercase();
        format!(
            "[[sanction]]\nid = \"{id}\"\nverdict = \"sanctioned\"\nvendor = \"{vendor}\"\ndata = \"{data}\"\n\
             reason = \"{reason}\"\napprover = \"Ada\"\n"
        )
    };
    let policy = |sanctions: &[String]| format!("version = 1\n{}", sanctions.concat());
    let body = |policy: &str, against: u64| serde_json::json!({"policy": policy, "against": against});
    let (secret, plain) = (
        sanction("OpenAI", "confidential", "The pilot"),
        sanction("Anthropic", "internal", "The plan"),
    );
    let both = policy(&[secret.clone(), plain.clone()]);
    let (status, said) = ada.write(Method::POST, "v1/policy", &body(&both, 0)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{said}");
    let why = said["error"].as_str().expect("a sentence");
    assert!(
        why.starts_with("openai is new or changed, and confidential data"),
        "{why}"
    );

    // A program applies what was reviewed, and a person what is beside it.
    let answer = collector
        .http
        .post(format!("{}v1/policy", collector.url))
        .json(&body(&policy(std::slice::from_ref(&secret)), 0))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let (status, said) = ada.write(Method::POST, "v1/policy", &body(&both, 1)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let wider = policy(&[secret.replace("The pilot", "Everything"), plain.clone()]);
    let (status, _) = ada.write(Method::POST, "v1/policy", &body(&wider, 2)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, said) = ada
        .write(Method::POST, "v1/policy", &body(&policy(&[plain]), 2))
        .await;
    assert_eq!(status, StatusCode::OK, "what is taken away takes one: {said}");
}
