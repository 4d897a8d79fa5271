//! What an admin does about agents over the API: tokens to enrol with, and labels of hosts.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::Role;
use umbra_report::Token;

use crate::enrolment::host::{Agent, DAY, start, token};
use crate::running::Collector;
use crate::writes::person;

#[tokio::test]
async fn a_token_of_the_api_lets_agents_in_and_is_shown_once() {
    let collector = start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let post = async |body: Value| root.write(Method::POST, "v1/enrolment-tokens", &body).await;
    for (body, why) in [
        (json!({"uses": 0, "hours": 1}), "uses must be"),
        (json!({"uses": 1_000_001, "hours": 1}), "uses must be"),
        (json!({"uses": 1, "hours": 0}), "hours must be"),
        (json!({"uses": 1, "hours": 8785}), "hours must be"),
        (json!({"uses": 1, "hours": 1, "label": "two\nlines"}), "one line"),
        (
            json!({"uses": 1, "hours": 1, "label": "x".repeat(201)}),
            "one line",
        ),
        (
            json!({"uses": 1, "hours": 1, "host_labels": {"team": "we b"}}),
            "KEY=VALUE",
        ),
        (json!({"hours": 1}), "uses"),
    ] {
        let (status, said) = post(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
        assert!(
            said["error"].as_str().is_some_and(|said| said.contains(why)),
            "{said}"
        );
    }
    let wanted = json!({"label": "web servers", "uses": 2, "hours": 24, "host_labels": {"team": "web"}});
    let (status, made) = post(wanted).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let secret: Token = made["token"]
        .as_str()
        .expect("a token")
        .parse()
        .expect("a good one");
    let text = root.get("v1/enrolment-tokens").await.text().await.expect("text");
    assert!(!text.contains(&secret.secret), "{text}");
    let list = async || root.json("v1/enrolment-tokens").await["tokens"][0].clone();
    let kept = list().await;
    assert_eq!(
        (&kept["id"], &kept["label"], &kept["state"], &kept["uses_left"]),
        (&made["id"], &json!("web servers"), &json!("good"), &json!(2))
    );
    assert_eq!(kept["host_labels"], json!({"team": "web"}));

    let mut agent = Agent::enrolled(&collector, "web-1", &secret).await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    let agents = root.json("v1/agents").await;
    assert_eq!(agents["agents"][0]["labels"], json!({"team": "web"}));
    assert_eq!(list().await["uses_left"], 1);

    let path = format!("v1/enrolment-tokens/{}", secret.id);
    let (status, _) = root.write(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(list().await["state"], "revoked");
    let other = Agent::new(&collector, "web-2").await;
    assert_eq!(
        other.ask(&collector, &secret).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        agent.report(&collector).await.status(),
        StatusCode::OK,
        "who is in stays"
    );
    let (status, _) = root
        .write(Method::DELETE, "v1/enrolment-tokens/0", &Value::Null)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        logged(&collector, 2).await,
        [("root", "token_revoked"), ("root", "token_created")].map(|(who, what)| (
            who.to_owned(),
            what.to_owned(),
            secret.id.clone()
        ))
    );
}

#[tokio::test]
async fn an_admin_gives_a_host_its_labels() {
    let collector = start().await;
    let token = token(&collector, DAY, 1).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    agent.report(&collector).await;
    let root = person(&collector, "root", Role::Admin).await;
    let id = agent.spool.agent.id.to_string();
    let put = async |id: &str, labels: Value| {
        let path = format!("v1/agents/{id}/labels");
        root.write(Method::PUT, &path, &json!({ "labels": labels })).await
    };
    let many: serde_json::Map<_, _> = (0..33).map(|key| (key.to_string(), json!("x"))).collect();
    for labels in [json!({"team": "we b"}), json!({"": "web"}), Value::Object(many)] {
        assert_eq!(put(&id, labels).await.0, StatusCode::BAD_REQUEST);
    }
    let nobody = "00000000-0000-4000-8000-000000000000";
    assert_eq!(put(nobody, json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(put("web-1", json!({})).await.0, StatusCode::BAD_REQUEST);

    let labels = json!({"env": "prod", "team": "web"});
    let (status, said) = put(&id, labels.clone()).await;
    assert_eq!((status, &said["labels"]), (StatusCode::OK, &labels), "{said}");
    assert_eq!(root.json("v1/agents").await["agents"][0]["labels"], labels);
    assert_eq!(
        logged(&collector, 1).await,
        [("root".to_owned(), "agent_labelled".to_owned(), id.clone())]
    );
    // It is in place of what was there, and none at all is a choice.
    assert_eq!(put(&id, json!({})).await.0, StatusCode::OK);
    assert_eq!(root.json("v1/agents").await["agents"][0]["labels"], json!({}));
}

/// The newest entries of the audit log but log-ins: who did what to whom.
async fn logged(collector: &Collector, most: usize) -> Vec<(String, String, String)> {
    let log: Value = collector.get("v1/audit").await.json().await.expect("JSON");
    let entries = log["entries"].as_array().expect("entries").iter();
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("text").to_owned();
    entries
        .filter(|entry| entry["action"] != "logged_in")
        .map(|entry| {
            (
                text(entry, "actor"),
                text(entry, "action"),
                text(entry, "subject"),
            )
        })
        .take(most)
        .collect()
}
