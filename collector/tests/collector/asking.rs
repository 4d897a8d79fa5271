//! Requests over the API: each in the name of who asks, and two accounts where two people must agree.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::Role;

use crate::browser::Browser;
use crate::made_up::{Spool, call};
use crate::policy::of;
use crate::running::{Collector, client_with};
use crate::writes::person;

fn wish(id: &str, data: &str) -> Value {
    json!({"sanction": id, "scope": {"vendor": "openai", "user": "adam"}, "data": data, "reason": "Ticket 13"})
}

async fn post(browser: &Browser, path: &str, body: Value) -> (StatusCode, Value) {
    browser
        .write(Method::POST, &format!("v1/requests{path}"), &body)
        .await
}

/// That it is refused with this status, and the sentence.
async fn refused(browser: &Browser, path: &str, body: Value, status: StatusCode) -> String {
    let (got, said) = post(browser, path, body).await;
    assert_eq!(got, status, "{said}");
    said["error"].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn two_accounts_agree_on_confidential_data_and_the_log_names_them() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    let eve = person(&collector, "eve", Role::Analyst).await;
    let ada = person(&collector, "ada", Role::Approver).await;
    let bea = person(&collector, "bea", Role::Approver).await;

    let (status, made) = post(&ada, "", wish("adam", "confidential")).await;
    assert_eq!(
        (status, &made["state"], &made["actor"]),
        (StatusCode::OK, &json!("pending"), &json!("ada"))
    );
    let said = refused(&ada, "/1/approve", json!({}), StatusCode::FORBIDDEN).await;
    assert!(said.contains("takes a second person"), "{said}");
    let said = refused(&bea, "/1/approve", json!({"against": 7}), StatusCode::CONFLICT).await;
    assert!(said.contains("plan again"), "{said}");
    let body = json!({"reason": "Reviewed", "against": 0});
    let (status, done) = post(&bea, "/1/approve", body).await;
    assert_eq!(
        (status, &done["state"], &done["policy"], &done["actor"]),
        (StatusCode::OK, &json!("approved"), &json!(1), &json!("bea"))
    );
    let row = of(&collector.rows().await, "adam").clone();
    assert_eq!(
        (&row["verdict"], &row["decision"]["approver"]),
        (&json!("sanctioned"), &json!("bea"))
    );
    for (path, body) in [
        ("/1/approve", json!({})),
        ("/1/refuse", json!({"reason": "No"})),
        ("/1/withdraw", json!({})),
    ] {
        let said = refused(&ada, path, body, StatusCode::CONFLICT).await;
        assert!(said.contains("request 1 is approved already"), "{said}");
    }

    // Whoever asked takes it back, and nobody else; a no says why.
    let (_, made) = post(&eve, "", wish("more", "public")).await;
    assert_eq!(made["request"], 2);
    let said = refused(&ada, "/2/withdraw", json!({}), StatusCode::FORBIDDEN).await;
    assert!(said.contains("eve made request 2"), "{said}");
    let said = refused(&ada, "/2/refuse", json!({"reason": " "}), StatusCode::BAD_REQUEST).await;
    assert!(said.contains("say why"), "{said}");
    assert_eq!(post(&eve, "/2/withdraw", json!({})).await.0, StatusCode::OK);
    post(&eve, "", wish("more", "public")).await;
    let no = json!({"reason": "Use the gateway"});
    assert_eq!(post(&ada, "/3/refuse", no).await.1["state"], "refused");
    let said = refused(&ada, "/4/approve", json!({}), StatusCode::NOT_FOUND).await;
    assert!(said.contains("no request 4"), "{said}");

    let log = bea.json("v1/audit?limit=7").await;
    let entries = log["entries"].as_array().expect("entries");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().expect("text");
            (text("action"), text("actor"), text("subject"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("request_refused", "ada", "3"),
            ("request_created", "eve", "3"),
            ("request_withdrawn", "eve", "2"),
            ("request_created", "eve", "2"),
            ("request_approved", "bea", "1"),
            ("policy_applied", "bea", "1"),
            ("request_created", "ada", "1"),
        ]
    );
}

#[tokio::test]
async fn a_program_is_nobody_s_second_person() {
    let collector = Collector::start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let scopes = json!({"name": "ci", "scopes": ["requests:write", "policy:write"], "days": 1});
    let (_, made) = root.write(Method::POST, "v1/api-tokens", &scopes).await;
    let program = client_with(made["token"].as_str().expect("a token"));
    let by_program = async |path: &str, body: Value| {
        let url = format!("{}v1/requests{path}", collector.url);
        let answer = program.post(url).json(&body).send().await.expect("an answer");
        (
            answer.status(),
            answer.json::<Value>().await.expect("JSON")["error"].to_string(),
        )
    };
    let (_, made) = post(&root, "", wish("adam", "restricted")).await;
    assert_eq!(made["request"], 1);
    for (path, body) in [("/1/approve", json!({})), ("", wish("more", "confidential"))] {
        let (status, said) = by_program(path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(
            said.contains("data takes two people, and api token ci (") && said.contains("is none"),
            "{said}"
        );
    }
    // What takes one person takes a program, too.
    assert_eq!(by_program("", wish("more", "internal")).await.0, StatusCode::OK);
    assert_eq!(by_program("/2/approve", json!({})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_said() {
    let collector = Collector::start().await;
    let eve = person(&collector, "eve", Role::Analyst).await;
    let with = |key: &str, value: Value| {
        let mut wish = wish("adam", "internal");
        wish[key] = value;
        wish
    };
    for (body, status, why) in [
        (
            with("scope", json!({})),
            StatusCode::BAD_REQUEST,
            "what it is about",
        ),
        (
            with("sanction", json!("A b")),
            StatusCode::BAD_REQUEST,
            "`sanction` must be 1 to 64",
        ),
        (
            with("reason", json!(" ")),
            StatusCode::BAD_REQUEST,
            "`reason` must say something",
        ),
        (
            with("reason", json!("\u{0}")),
            StatusCode::BAD_REQUEST,
            "control characters",
        ),
        (
            with("ticket", json!("SEC-1")),
            StatusCode::BAD_REQUEST,
            "`ticket` must be",
        ),
        (
            with("approver", json!("eve")),
            StatusCode::BAD_REQUEST,
            "unknown field `approver`",
        ),
        (
            with("data", json!("secret")),
            StatusCode::CONFLICT,
            "`data` is secret",
        ),
        (
            with("expires", json!("2020-01-01T00:00:00Z")),
            StatusCode::CONFLICT,
            "it would have ended",
        ),
    ] {
        let said = refused(&eve, "", body, status).await;
        assert!(said.contains(why), "{said}");
    }
    let all = eve.json("v1/requests").await;
    assert_eq!(all["requests"], json!([]));
}
