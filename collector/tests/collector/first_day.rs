//! What a new install says to do next, and how it ticks that off.

use reqwest::StatusCode;
use reqwest::header::{ETAG, IF_NONE_MATCH};

use crate::enrolment::host::{Agent, DAY, start, token};
use crate::made_up::{Spool, call};
use crate::presence::Clock;
use crate::running::Collector;

/// The overview and the inventory say the same.
async fn say(collector: &Collector, what: &str, next: &str) {
    for path in ["", "inventory", "inventory/rows"] {
        let page = collector.page(path).await;
        for part in [
            "No AI call has been seen yet",
            what,
            r#"<a href="/live">Live</a>"#,
        ] {
            assert!(page.contains(part), "/{path}: {part} is not in {page}");
        }
        let (_, step) = page.split_once("aria-current=\"step\">").expect("a step");
        assert!(step.trim_start().starts_with(&format!("<h3>{next}")), "{step}");
        assert!(!step.contains("aria-current"), "one step is next");
        assert!(!page.contains("style="));
    }
}

#[tokio::test]
async fn each_step_is_ticked_off_as_it_happens() {
    let collector = start().await;
    say(&collector, "No agent has reported yet", "Start an agent").await;
    let token = token(&collector, DAY, 2).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    say(
        &collector,
        "1 agent has enrolled, and none has reported",
        "Start an agent",
    )
    .await;
    Agent::enrolled(&collector, "web-2", &token).await;
    say(&collector, "2 agents have enrolled", "Start an agent").await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    // What that host's agent sends in tests has a call.
    let page = collector.page("").await;
    assert!(!page.contains("No AI call has been seen yet"), "{page}");
    assert!(
        page.contains("uses OpenAI") && !page.contains("page.js"),
        "{page}"
    );
}

#[tokio::test]
async fn hosts_that_report_no_call_and_hosts_that_went_are_told_apart() {
    let collector = Collector::start().await;
    let mut clock = Clock::of(&collector).await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![])).await;
    say(&collector, "Done: 1 host reported.", "Make a first call").await;
    say(
        &collector,
        "No host has called an AI vendor yet",
        "Make a first call",
    )
    .await;
    clock.goes_on(400).await;
    say(&collector, "1 host reported, and none does now", "Start an agent").await;

    // The page's script asks again, and is told when nothing has changed.
    let first = collector.get("").await;
    let tag = first.headers()[ETAG].clone();
    let again = async || {
        let request = collector.http.get(&collector.url).header(IF_NONE_MATCH, &tag);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(again().await, StatusCode::NOT_MODIFIED);
    collector.take(&spool.report(vec![call("alice", "claude")])).await;
    assert_eq!(again().await, StatusCode::OK);
    let page = collector.page("").await;
    assert!(
        page.contains("claude uses OpenAI") && !page.contains("first call"),
        "{page}"
    );
}
