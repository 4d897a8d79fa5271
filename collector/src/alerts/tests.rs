use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use proptest::prelude::*;
use reqwest::Url;
use serde_json::json;
use umbra_report::Container;
use uuid::Uuid;

use super::*;
use crate::made_up::{Spool, call};
use crate::store::{Arrival, By, Claim, Location, Outcome, Outgoing, Store};

/// The address of the page in these tests.
fn page() -> Url {
    "https://umbra.example/ai/?q=x".parse().expect("a URL")
}

/// What a route has to send about one call, out of a store.
async fn outgoing() -> Outgoing {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&Location::Directory(directory.path().into()))
        .await
        .expect("a store");
    let route = Route::webhook("http://127.0.0.1:9/".parse().expect("a URL"));
    let now = Timestamp::now();
    let by = By {
        actor: "ada",
        time: now,
    };
    store.configure_routes(&[route], &by).await.expect("a route");
    let mut call = call("alice", "claude");
    call.minute = "2026-11-24T10:15:00Z".parse().expect("a time");
    call.first_seen = "2026-11-24T10:15:03.25Z".parse().expect("a time");
    call.last_seen = "2026-11-24T10:15:04.5Z".parse().expect("a time");
    call.caller.program.script = Some("/srv/claude.js".to_owned());
    call.caller.container = Some(Container {
        id: "9f".repeat(32),
        image: Some("dev:1".to_owned()),
        ..Container::default()
    });
    let received = "2026-11-24T10:15:05Z".parse().expect("a time");
    let report = Spool::of("web-1").report(vec![call]);
    store
        .apply(Arrival::of(report, received))
        .await
        .expect("a report");
    match store
        .claim(WEBHOOK, Uuid::new_v4(), now)
        .await
        .expect("the outbox")
    {
        Claim::Message(outgoing) => *outgoing,
        Claim::Nothing(until) => panic!("nothing until {until:?}"),
    }
}

/// The same as a message.
async fn message() -> Message {
    Message::of(
        &outgoing().await,
        &page(),
        "2026-11-24T10:15:06Z".parse().expect("a time"),
    )
}

/// Receivers rely on these names; a change here is one for all of them.
#[tokio::test]
async fn the_payload_has_its_golden_form() {
    let message = message().await;
    let alert = &message.alerts[0];
    let payload = serde_json::to_value(Payload::of(alert, &message.page)).expect("JSON");
    assert_eq!(
        payload,
        json!({
            "id": alert.delivery,
            "type": "new_caller",
            "explanation": "claude uses OpenAI, and nobody has sanctioned it: alice on web-1 asked for api.openai.com",
            "facts": {
                "seen": {
                    "flows": 1,
                    "bytes_out": 100,
                    "bytes_in": 2000,
                    "users": 1,
                    "hosts": 1,
                    "names": ["api.openai.com"],
                    "from": "2026-11-24T10:15:03.25Z",
                    "to": "2026-11-24T10:15:04.5Z"
                }
            },
            "time": "2026-11-24T10:15:05Z",
            "finding": 1,
            "verdict": "unreviewed",
            "sanction": null,
            "policy": 0,
            "vendor": "OpenAI",
            "service": "API",
            "kind_of_service": "api",
            "name": "api.openai.com",
            "program": "claude",
            "exe": "/home/alice/bin/claude",
            "script": "/srv/claude.js",
            "image": "dev:1",
            "unit": null,
            "user": { "uid": alert.uid, "name": "alice" },
            "host": "web-1",
            "evidence": "tls_sni",
            "first_seen": "2026-11-24T10:15:03.25Z",
            "page": "https://umbra.example/ai/?finding=1"
        })
    );
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_is_tried_again_and_its_address_kept_secret() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let url = format!("http://{free}/T000/secret").parse().expect("a URL");
    let target = Target::open(&Receiver::Plain(url)).expect("a target");
    let outcome = target.send(&message().await).await;
    let Outcome::Retry { error, asked: None } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        error.contains("Connection refused") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn a_filter_asks_for_one_value_of_each_label_and_for_all_else() {
    let filter = |text: &str| serde_json::from_str::<Filter>(text).expect(text);
    let labels = |text: &str| -> crate::labels::Labels {
        let labels = text.split_whitespace();
        labels
            .map(|label| label.parse::<crate::labels::Label>().expect(label))
            .collect()
    };
    let prod = filter(r#"{"labels":["env=prod","env=stage","site=ams"]}"#);
    for (host, takes) in [
        ("env=prod site=ams", true),
        ("env=stage site=ams team=web", true),
        ("env=prod", false),
        ("env=test site=ams", false),
        ("", false),
    ] {
        assert_eq!(prod.takes("new_caller", &labels(host)), takes, "{host}");
    }
    let severe = filter(r#"{"severity":"high","kinds":["prohibited_use","new_caller"]}"#);
    assert!(severe.takes("prohibited_use", &labels("")));
    assert!(
        !severe.takes("new_caller", &labels("")),
        "it is not severe enough"
    );
    assert!(filter("{}").takes("of_a_later_version", &labels("")));
    assert!(!severe.takes("of_a_later_version", &labels("")));
}

#[test]
fn a_receiver_may_ask_for_seconds_or_a_date_and_for_a_day_at_most() {
    let now = httpdate::parse_http_date("Tue, 24 Nov 2026 10:15:03 GMT").expect("a date");
    let day = 86_400;
    for (value, seconds) in [
        ("0", 0),
        (" 120 ", 120),
        ("86400", day),
        ("86401", day),
        ("18446744073709551615", day),
        ("Tue, 24 Nov 2026 10:16:03 GMT", 60),
        ("Tue, 24 Nov 2026 10:14:03 GMT", 0),
        ("Thu, 24 Nov 2033 10:15:03 GMT", day),
    ] {
        assert_eq!(
            backoff::asked(value, now),
            Some(Duration::from_secs(seconds)),
            "{value}"
        );
    }
    for value in ["", "-1", "1.5", "soon", "24 Nov 2026"] {
        assert_eq!(backoff::asked(value, now), None, "{value}");
    }
}

proptest! {
    #[test]
    fn pauses_double_up_to_five_minutes(attempts: i64) {
        let pause = backoff::pause(attempts);
        let whole = 2_f64.powi(i32::try_from(attempts.clamp(0, 30)).expect("small")).min(300.0);
        prop_assert!((whole / 2.0..=whole).contains(&pause.as_secs_f64()), "{pause:?} after {attempts}");
    }

    #[test]
    fn no_answer_makes_the_courier_stumble(value in "\\PC{0,40}") {
        let pause = backoff::asked(&value, SystemTime::now());
        prop_assert!(pause.is_none_or(|pause| pause <= Duration::from_hours(24)));
    }
}
