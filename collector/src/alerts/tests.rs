use std::time::SystemTime;

use proptest::prelude::*;
use serde_json::json;
use umbra_report::Container;

use super::*;
use crate::made_up::{Spool, call};
use crate::store::Arrival;
use crate::store::Location;

/// The alert about one call, out of a store.
async fn alert() -> Alert {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&Location::Directory(directory.path().into()))
        .await
        .expect("a store");
    let mut call = call("alice", "claude");
    call.first_seen = "2026-11-24T10:15:03.25Z".parse().expect("a time");
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
    store
        .claim_alert(Timestamp::now())
        .await
        .expect("the outbox")
        .expect("an alert")
}

/// Receivers rely on these names; a change here is one for all of them.
#[tokio::test]
async fn the_payload_has_its_golden_form() {
    let alert = alert().await;
    let page = "https://umbra.example/ai/?q=x".parse().expect("a URL");
    let payload = serde_json::to_value(Payload::of(&alert, &page)).expect("JSON");
    assert_eq!(
        payload,
        json!({
            "id": alert.delivery,
            "type": "new_caller",
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
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let page = "https://umbra.example/".parse().expect("a URL");
    let url = format!("http://{free}/T000/secret").parse().expect("a URL");
    let outcome = Webhook::new(url, page)
        .expect("a webhook")
        .send(&alert().await)
        .await;
    let Outcome::Retry {
        error,
        after,
        all: false,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(
        error.contains("Connection refused") && !error.contains("secret"),
        "{error}"
    );
    assert!(after <= Duration::from_secs(1));
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
