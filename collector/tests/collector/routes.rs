//! Alerts along routes, each receiver as its users meet it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use umbra_collector::alerts::{Address, Http, Pace, Receiver as To, Route};

use crate::made_up::{Spool, call};
use crate::python;
use crate::receiver::{Receiver, url};
use crate::running::{Collector, eventually};

/// A route to this receiver that takes everything.
pub(crate) fn route(name: &str, receiver: To) -> Route {
    Route {
        name: name.to_owned(),
        receiver,
        ..Route::webhook("http://127.0.0.1:9/".parse().expect("a URL"))
    }
}

/// An address over HTTP without anything else.
pub(crate) fn http(url: reqwest::Url) -> Http {
    Http {
        address: Address::Url(url),
        ca_file: None,
        token_file: None,
    }
}

/// How a route goes, by `/v1/routes`.
pub(crate) async fn state(collector: &Collector, name: &str) -> Value {
    let answer: Value = collector.get("v1/routes").await.json().await.expect("JSON");
    let routes = answer["routes"].as_array().expect("routes");
    let found = routes.iter().find(|route| route["name"] == name);
    found.expect(name).clone()
}

const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn secrets(directory: &Path) -> std::path::PathBuf {
    let file = directory.join("secrets");
    fs::write(&file, format!("{NEW}\n{OLD}\n")).expect("a file");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_event_is_what_others_take_it_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::anywhere(&[(503, None)]).await;
    let to = To::Webhook {
        http: http(receiver.url()),
        secret_file: secrets(directory.path()),
    };
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![route("soc", to)];
        settings.page = Some("https://umbra.example/".parse().expect("a URL"));
    })
    .await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    eventually("the repeat", async || {
        (receiver.requests().len() == 2).then_some(())
    })
    .await;
    let requests = receiver.requests();
    assert_eq!(requests[0].0["webhook-id"], requests[1].0["webhook-id"]);
    let (headers, body) = &requests[1];
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("text"))))
        .collect();
    let verified = |secret: &str, body: &str| {
        let call = json!({ "secret": secret, "headers": headers, "body": body });
        Some(python::printed(python::script("verify.py")?, &call.to_string()))
    };
    // A receiver that has only one of the two secrets is as well off with either.
    for secret in [NEW, OLD] {
        let Some((good, said)) = verified(secret, body) else {
            return;
        };
        assert!(good, "{said}");
        let event: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(event["id"], headers["webhook-id"]);
        for (field, value) in [
            ("type", "umbra.finding.raised"),
            ("source", "https://umbra.example/"),
            ("subject", "finding/1"),
        ] {
            assert_eq!(event[field], value, "{field}");
        }
        let data = &event["data"];
        assert_eq!(
            (&data["event"], &data["severity"], &data["program"]),
            (&json!("raised"), &json!("medium"), &json!("claude"))
        );
    }
    for (secret, body) in [
        (NEW, body.replace("claude", "clause")),
        ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", body.clone()),
    ] {
        let Some((good, said)) = verified(secret, &body) else {
            return;
        };
        assert!(!good && said.contains("WebhookVerificationError"), "{said}");
    }
}

/// What Slack publishes of incoming webhooks and sections: more of it is answered with `invalid_payload`.
fn check_slack(message: &Value) {
    let text = message["text"].as_str().expect("text");
    assert!((1..=40_000).contains(&text.chars().count()));
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!((1..=50).contains(&blocks.len()));
    for block in blocks {
        assert_eq!(block["type"], "section");
        assert_eq!(block["text"]["type"], "mrkdwn");
        let text = block["text"]["text"].as_str().expect("text");
        assert!((1..=3_000).contains(&text.chars().count()), "{text}");
    }
    let keys: HashSet<&str> = message
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, HashSet::from(["text", "blocks"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_gets_what_it_takes_and_nobody_is_called_by_a_name() {
    let receiver = Receiver::anywhere(&[(429, Some("1")), (200, None), (400, None)]).await;
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![route("chat", To::Slack(http(receiver.url())))];
    })
    .await;
    let mut spool = Spool::of("web-1");
    let begin = Instant::now();
    collector
        .take(&spool.report(vec![call("alice", "<!channel>&co")]))
        .await;
    eventually("the repeat", async || {
        (receiver.requests().len() == 2).then_some(())
    })
    .await;
    assert!(
        begin.elapsed() >= Duration::from_secs(1),
        "Slack asked for a second"
    );
    for (_, body) in receiver.requests() {
        let message: Value = serde_json::from_str(&body).expect("JSON");
        check_slack(&message);
        let text = message["text"].as_str().expect("text");
        assert!(
            text.contains("&lt;!channel&gt;&amp;co talks to OpenAI on web-1 (alice)"),
            "{text}"
        );
        assert!(!text.contains("<!channel>"), "{text}");
    }
    eventually("it is settled", async || {
        (state(&collector, "chat").await["delivered"] == 1).then_some(())
    })
    .await;
    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    let refused = eventually("it is refused", async || {
        Some(state(&collector, "chat").await).filter(|state| state["refused"] == 1)
    })
    .await;
    let error = refused["error"].as_str().expect("an error");
    assert!(error.contains("400 Bad Request: told so"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_fails_is_shown_and_holds_up_no_other() {
    let gone = Receiver::anywhere(&[]).await.address;
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![
            route("gone", To::Slack(http(url(gone)))),
            route("good", To::Slack(http(receiver.url()))),
        ];
    })
    .await;
    let calls = (0..5).map(|number| call("alice", &format!("p{number}")));
    collector.take(&Spool::of("web-1").report(calls.collect())).await;
    eventually("all five", async || {
        (receiver.requests().len() == 5).then_some(())
    })
    .await;
    let failing = eventually("the other one fails", async || {
        Some(state(&collector, "gone").await).filter(|state| state["error"] != Value::Null)
    })
    .await;
    assert_eq!(
        (&failing["pending"], &failing["delivered"]),
        (&json!(5), &json!(0))
    );
    assert!(failing["failing_since"].is_string());
    let error = failing["error"].as_str().expect("an error");
    assert!(
        error.contains("Connection refused") && error.contains("; see that the receiver runs"),
        "{error}"
    );
    let metrics = collector.get("metrics").await.text().await.expect("text");
    for sample in [
        r#"umbra_collector_route_waiting{route="gone"} 5"#,
        r#"umbra_collector_route_waiting{route="good"} 0"#,
        r#"umbra_collector_route_failing_since_timestamp_seconds{route="good"} 0"#,
        r#"umbra_collector_route_attempts_total{route="good",outcome="delivered"} 5"#,
    ] {
        assert!(metrics.contains(sample), "{sample} is not in {metrics}");
    }
    let page = collector.get("inventory").await.text().await.expect("HTML");
    assert!(page.contains("gone: Connection refused"), "{page}");
    // Back again, it gets what waited.
    let back = Receiver::start(gone, &[]).await;
    eventually("what waited", async || (back.requests().len() == 5).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_waits_for_the_right_secret() {
    let receiver = Receiver::anywhere(&[(401, None), (403, None)]).await;
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![route("chat", To::Slack(http(receiver.url())))];
    })
    .await;
    let report = Spool::of("web-1").report(vec![call("alice", "claude")]);
    collector.take(&report).await;
    let failing = eventually("it fails", async || {
        Some(state(&collector, "chat").await).filter(|state| state["error"] != Value::Null)
    })
    .await;
    assert_eq!((&failing["pending"], &failing["refused"]), (&json!(1), &json!(0)));
    let error = failing["error"].as_str().expect("an error");
    assert!(
        error.ends_with("see that its token or secret is the right one"),
        "{error}"
    );
    eventually("it is delivered", async || {
        let state = state(&collector, "chat").await;
        (state["delivered"] == 1 && state["pending"] == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_is_kept_and_a_digest_is_one_message() {
    let (paced, digested) = (Receiver::anywhere(&[]).await, Receiver::anywhere(&[]).await);
    let with = |name: &str, receiver: &Receiver, per_minute, digest| Route {
        pace: Pace { per_minute, digest },
        ..route(name, To::Slack(http(receiver.url())))
    };
    let routes = vec![
        with("paced", &paced, Some(120), Duration::ZERO),
        with("digested", &digested, None, Duration::from_secs(2)),
    ];
    let collector = Collector::start_with(|settings| settings.routes = routes).await;
    let begin = Instant::now();
    let calls = (0..4).map(|number| call("alice", &format!("p{number}")));
    collector.take(&Spool::of("web-1").report(calls.collect())).await;
    eventually("all four", async || (paced.requests().len() == 4).then_some(())).await;
    assert!(
        begin.elapsed() >= Duration::from_millis(1_500),
        "{:?}",
        begin.elapsed()
    );
    eventually("the digest", async || {
        (digested.requests().len() == 1).then_some(())
    })
    .await;
    assert!(begin.elapsed() >= Duration::from_secs(2), "{:?}", begin.elapsed());
    let message: Value = serde_json::from_str(&digested.requests()[0].1).expect("JSON");
    check_slack(&message);
    let text = message["text"].as_str().expect("text");
    assert!(text.contains("4 alerts"), "{text}");
    for number in 0..4 {
        assert!(text.contains(&format!("p{number} talks to OpenAI")), "{text}");
    }
}

/// Runs a command of the collector's; gives whether it ended well, and all that it said.
fn command(arguments: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_umbra-collector"));
    let output = command.args(arguments).output().expect("the collector");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_came_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let receiver = Receiver::anywhere(&[(200, None), (404, None)]).await;
    let gone = Receiver::anywhere(&[]).await.address;
    let file = directory.path().join("umbra.toml");
    let secrets = secrets(directory.path());
    let text = format!(
        "data = '{}'\n[[routes]]\nname = 'chat'\n[routes.slack]\nurl = '{}'\n[[routes]]\nname = 'gone'\n\
         [routes.webhook]\nurl = '{}'\nsecret_file = '{}'\n[[routes]]\nname = 'lost'\n[routes.slack]\n\
         url_file = '/nowhere/url'\n",
        directory.path().display(),
        receiver.url(),
        url(gone),
        secrets.display()
    );
    fs::write(&file, text).expect("a file");
    let file = file.to_str().expect("a path");
    let tried = |name: &str| command(&["route", "test", name, "--config", file]);
    let (good, said) = tried("chat");
    assert!(
        good && said.starts_with("chat took the test") && said.contains("200 OK"),
        "{said}"
    );
    let message: Value = serde_json::from_str(&receiver.requests()[0].1).expect("JSON");
    check_slack(&message);
    assert!(
        message["text"]
            .as_str()
            .expect("text")
            .contains("a test of this route")
    );
    for (name, parts) in [
        (
            "chat",
            [
                "chat did not take the test",
                "404 Not Found",
                "see that its URL is the right one",
            ],
        ),
        (
            "gone",
            [
                "gone did not take the test",
                "Connection refused",
                "would be tried again",
            ],
        ),
        (
            "lost",
            ["cannot read /nowhere/url", "see that it is there", "lost"],
        ),
        ("soc", ["there is no route soc", "chat", "gone"]),
    ] {
        let (good, said) = tried(name);
        assert!(!good, "{name}: {said}");
        for part in parts {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
        assert!(!said.contains("/hook"), "the path of a URL is a secret: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_tries_a_route_of_a_collector_that_runs() {
    let receiver = Receiver::anywhere(&[(200, None), (404, None)]).await;
    let gone = Receiver::anywhere(&[]).await.address;
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![
            route("chat", To::Slack(http(receiver.url()))),
            route("gone", To::Slack(http(url(gone)))),
        ];
    })
    .await;
    let root = crate::writes::person(&collector, "root", umbra_collector::access::Role::Admin).await;
    let tried = async |name: &str| {
        let path = format!("v1/routes/{name}/test");
        root.write(reqwest::Method::POST, &path, &Value::Null).await
    };
    let (_, said) = tried("chat").await;
    assert_eq!(
        (&said["route"], &said["outcome"]),
        (&json!("chat"), &json!("delivered")),
        "{said}"
    );
    check_slack(&serde_json::from_str(&receiver.requests()[0].1).expect("JSON"));
    let log = root.json("v1/audit?limit=1").await["entries"][0].clone();
    assert_eq!(
        (&log["action"], &log["actor"], &log["subject"]),
        (&json!("route_tested"), &json!("root"), &json!("chat"))
    );
    assert!(
        log["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains(said["message"].as_str().expect("an id"))),
        "{log}"
    );
    let (_, refused) = tried("chat").await;
    assert_eq!(refused["outcome"], "refused");
    let (_, away) = tried("gone").await;
    assert_eq!(away["outcome"], "retry");
    assert!(away["said"].as_str().expect("text").contains("refused"), "{away}");
    assert!(
        !away.to_string().contains("/hook"),
        "the path of a URL is a secret"
    );
    let (status, _) = tried("soc").await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
    // Nothing of it is an alert that waits.
    assert_eq!(state(&collector, "gone").await["pending"], 0);
}
