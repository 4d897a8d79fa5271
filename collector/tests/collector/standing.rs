//! What the collector does to findings by itself: it closes what a policy has settled, and opens what was put aside.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use umbra_collector::findings::{FindingState, Watch};
use umbra_collector::store::{By, FindingDecision};

use crate::made_up::{Spool, ago, call};
use crate::policy::apply;
use crate::receiver::Receiver;
use crate::running::{Collector, eventually};

/// Looks after findings as soon as it can.
pub(crate) fn busy() -> Watch {
    Watch {
        pause: Duration::from_millis(50),
        ..Watch::default()
    }
}

/// One sanction, with these lines.
pub(crate) fn sanction(lines: &str) -> String {
    format!(
        "version = 1\n[[sanction]]\nid = \"openai\"\nreason = \"Ticket 12\"\napprover = \"Ada Example\"\n{lines}\n"
    )
}

pub(crate) async fn findings(collector: &Collector) -> Vec<Value> {
    let mut page: Value = collector.get("v1/findings").await.json().await.expect("JSON");
    std::mem::take(page["findings"].as_array_mut().expect("findings"))
}

/// The finding of this kind, once it is in this state.
pub(crate) async fn becomes(collector: &Collector, kind: &str, state: &str) -> Value {
    eventually(&format!("{kind} {state}"), async || {
        let all = findings(collector).await;
        let mut of_kind = all.into_iter().filter(|finding| finding["kind"] == kind);
        let finding = of_kind.next()?;
        assert!(of_kind.next().is_none(), "never two of the same");
        (finding["state"] == state).then_some(finding)
    })
    .await
}

#[tokio::test]
async fn a_sanction_closes_what_it_covers_and_its_end_opens_it_again() {
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| {
        settings.webhook = Some(receiver.url());
        settings.watch = busy();
    })
    .await;
    let store = collector.store().await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    becomes(&collector, "new_caller", "open").await;

    let text = sanction("verdict = \"sanctioned\"\nvendor = \"OpenAI\"\ndata = \"internal\"");
    apply(&store, &text, 0).await.expect("the first");
    let closed = becomes(&collector, "new_caller", "resolved").await;
    assert_eq!(closed["decided"]["actor"], "umbra-collector");
    assert_eq!(
        closed["decided"]["reason"],
        "sanctioned by openai, policy version 1"
    );
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    becomes(&collector, "new_caller", "resolved").await;

    apply(&store, "version = 1\n", 1).await.expect("the second");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    let again = becomes(&collector, "new_caller", "open").await;
    assert_eq!(
        (&again["finding"], &again["policy"]),
        (&closed["finding"], &2.into())
    );
    let calls = eventually("two alerts", async || {
        Some(receiver.calls()).filter(|calls| calls.len() >= 2)
    })
    .await;
    assert_eq!(calls[1].1["finding"], again["finding"]);
    assert_eq!(
        calls[1].1["explanation"],
        "claude uses OpenAI, and nobody has sanctioned it: eve on web-1 asked for api.openai.com"
    );
    assert_eq!(calls[1].1["facts"]["seen"]["bytes_out"], 100);

    let log = store.audit(u64::MAX, 10).await.expect("the log");
    let own: Vec<_> = log
        .iter()
        .filter(|entry| entry.actor == "umbra-collector")
        .collect();
    assert_eq!(own.len(), 1, "{log:?}");
    assert_eq!(own[0].action, "finding_decided");
}

#[tokio::test]
async fn what_is_sanctioned_in_part_stays_open() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    let store = collector.store().await;
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![
            call("eve", "claude"),
            call("adam", "claude"),
            call("eve", "curl"),
        ]))
        .await;
    let text = sanction("verdict = \"sanctioned\"\nuser = \"eve\"\ndata = \"internal\"");
    apply(&store, &text, 0).await.expect("the first");
    // That of curl is closed, so the other one was looked at, too.
    let closed = eventually("one is closed", async || {
        let all = findings(&collector).await;
        all.into_iter().find(|finding| finding["state"] == "resolved")
    })
    .await;
    assert_eq!(closed["program"], "curl");
    let all = findings(&collector).await;
    let claude = all
        .iter()
        .find(|finding| finding["program"] == "claude")
        .expect("it");
    assert_eq!(claude["state"], "open", "adam is not sanctioned");
}

#[tokio::test]
async fn use_that_is_not_prohibited_any_more_is_closed_as_that_and_raised_as_new() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    let store = collector.store().await;
    let text = sanction("verdict = \"prohibited\"\nvendor = \"OpenAI\"");
    apply(&store, &text, 0).await.expect("the first");
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    let raised = becomes(&collector, "prohibited_use", "open").await;
    assert_eq!(raised["severity"], "high");
    assert_eq!(
        raised["explanation"],
        "claude uses OpenAI, which is prohibited by openai: eve on web-1 asked for api.openai.com"
    );
    apply(&store, "version = 1\n", 1).await.expect("the second");
    let closed = becomes(&collector, "prohibited_use", "resolved").await;
    assert_eq!(closed["decided"]["reason"], "unreviewed, policy version 2");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    becomes(&collector, "new_caller", "open").await;
}

#[tokio::test]
async fn a_snooze_that_is_over_is_told_again() {
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| {
        settings.webhook = Some(receiver.url());
        settings.watch = busy();
    })
    .await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    let raised = becomes(&collector, "new_caller", "open").await;
    eventually("an alert", async || (receiver.calls().len() == 1).then_some(())).await;
    let store = collector.store().await;
    let decision = FindingDecision {
        state: FindingState::Snoozed,
        until: Some(Timestamp::now() + jiff::SignedDuration::from_millis(300)),
        reason: "She is away",
    };
    let by = By {
        actor: "ada",
        time: ago(0),
    };
    let finding = raised["finding"].as_i64().expect("a number");
    assert!(
        store
            .decide_finding(finding, &decision, &by)
            .await
            .expect("the store")
    );
    let calls = eventually("another alert", async || {
        Some(receiver.calls()).filter(|calls| calls.len() == 2)
    })
    .await;
    assert_eq!(calls[1].1["finding"], finding);
    becomes(&collector, "new_caller", "open").await;
}
