//! Which finding takes which route.

use serde_json::Value;
use umbra_collector::alerts::{Filter, Receiver as To, Route};
use umbra_collector::findings::Severity;

use crate::enrolment::host::start_on;
use crate::made_up::call;
use crate::receiver::Receiver;
use crate::routes::{http, route, state};
use crate::running::eventually;
use crate::scopes::host;

/// The programs that alerts were about.
fn told(receiver: &Receiver) -> Vec<String> {
    let texts = receiver.requests().into_iter().map(|(_, body)| {
        let message: Value = serde_json::from_str(&body).expect("JSON");
        message["text"].as_str().expect("text").to_owned()
    });
    let programs = ["webbot", "testbot", "dbbot", "freebot"];
    let named = |text: String| programs.into_iter().find(|program| text.contains(program));
    let mut told: Vec<_> = texts.filter_map(named).map(str::to_owned).collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_goes_where_its_host_severity_and_kind_are_asked_for() {
    let receivers = [
        Receiver::anywhere(&[]).await,
        Receiver::anywhere(&[]).await,
        Receiver::anywhere(&[]).await,
        Receiver::anywhere(&[]).await,
    ];
    let [all, web, severe, others] = &receivers;
    let along = |name: &str, receiver: &Receiver, filter: Filter| Route {
        filter,
        ..route(name, To::Slack(http(receiver.url())))
    };
    let labels = |labels: &[&str]| Filter {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        ..Filter::default()
    };
    let routes = vec![
        along("all", all, Filter::default()),
        // Of one key any will do, and each key must be there.
        along("web", web, labels(&["env=prod", "team=web", "team=shop"])),
        along(
            "severe",
            severe,
            Filter {
                severity: Some(Severity::High),
                ..Filter::default()
            },
        ),
        along(
            "others",
            others,
            Filter {
                kinds: vec!["volume_spike".to_owned()],
                ..Filter::default()
            },
        ),
    ];
    let collector = start_on(|settings| settings.routes = routes).await;
    let mut agents = Vec::new();
    for (name, labels, program) in [
        ("web-1", &["team=web", "env=prod"][..], "webbot"),
        ("web-2", &["team=web", "env=test"], "testbot"),
        ("db-1", &["team=db", "env=prod"], "dbbot"),
        ("free-1", &[], "freebot"),
    ] {
        agents.push(host(&collector, name, labels, vec![call("alice", program)]).await);
    }
    eventually("all four", async || (told(all).len() == 4).then_some(())).await;
    eventually("that of the shop", async || (told(web).len() == 1).then_some(())).await;
    assert_eq!(told(all), ["dbbot", "freebot", "testbot", "webbot"]);
    assert_eq!(told(web), ["webbot"]);
    for (name, delivered) in [("all", 4), ("web", 1), ("severe", 0), ("others", 0)] {
        let state = eventually("nothing waits", async || {
            Some(state(&collector, name).await).filter(|state| state["pending"] == 0)
        })
        .await;
        assert_eq!(state["delivered"], delivered, "{name}");
    }
    assert!(severe.requests().is_empty() && others.requests().is_empty());
}
