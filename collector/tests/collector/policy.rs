//! What has been decided, held against the inventory: verdicts with their reasons, and the past as it was.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;
use umbra_catalog::Catalogue;
use umbra_collector::findings::FindingState;
use umbra_collector::labels::{Label, Labels};
use umbra_collector::store::{By, FindingDecision, NewPolicy, Store, StoreError};
use umbra_policy::File;

use crate::enrolment::host::{Agent, DAY, by, labelling, start};
use crate::made_up::{Spool, ago, call};
use crate::receiver::Receiver;
use crate::running::{Collector, eventually};

pub(crate) const POLICY: &str = r#"
version = 1

[groups]
pilots = ["eve"]

[[sanction]]
id = "openai"
verdict = "prohibited"
vendor = "OpenAI"
reason = "No contract"
approver = "Ada Example"

[[sanction]]
id = "pilots"
verdict = "sanctioned"
vendor = "openai"
group = "pilots"
data = "internal"
reason = "The trial of ticket 12"
approver = "Ada Example"
expires = 2999-12-31
ticket = "https://tickets.example/12"
"#;

/// Puts a policy in force against this version.
pub(crate) async fn apply(store: &Store, text: &str, against: u64) -> Result<u64, StoreError> {
    let now = Timestamp::now();
    let file = File::parse(text, &Catalogue::builtin(), now).expect("a policy");
    let new = NewPolicy {
        file: &file,
        text,
        comment: "test",
        against,
    };
    store.apply_policy(&new, &by()).await
}

pub(crate) async fn json(collector: &Collector, path: &str) -> Value {
    let answer = collector.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.expect("JSON")
}

pub(crate) fn of<'a>(rows: &'a [Value], user: &str) -> &'a Value {
    rows.iter()
        .find(|row| row["user"]["name"] == user)
        .expect("a row")
}

#[tokio::test]
async fn each_row_says_its_verdict_and_what_gave_it() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![call("eve", "claude"), call("adam", "claude")]))
        .await;
    let rows = collector.rows().await;
    assert_eq!(
        (&of(&rows, "eve")["verdict"], &of(&rows, "eve")["decision"]),
        (&"unreviewed".into(), &Value::Null)
    );
    assert_eq!(json(&collector, "v1/inventory").await["policy"], 0);

    let store = collector.store().await;
    assert_eq!(apply(&store, POLICY, 0).await.expect("it is the first"), 1);
    assert_eq!(json(&collector, "v1/inventory").await["policy"], 1);
    let rows = collector.rows().await;
    let eve = of(&rows, "eve");
    assert_eq!(eve["verdict"], "sanctioned");
    let decision = &eve["decision"];
    assert_eq!(decision["sanction"], "pilots");
    assert_eq!(decision["scope"], "vendor OpenAI, group pilots");
    assert_eq!(
        (&decision["data"], &decision["approver"]),
        (&"internal".into(), &"Ada Example".into())
    );
    assert_eq!(decision["expires"], "3000-01-01T00:00:00Z");
    assert_eq!(decision["ticket"], "https://tickets.example/12");
    assert_eq!(
        decision["beaten"],
        serde_json::json!([
            "openai is about vendor OpenAI, which is wider than pilots: vendor OpenAI, group pilots"
        ])
    );
    assert_eq!(of(&rows, "adam")["verdict"], "prohibited");

    let page = collector.get("inventory").await.text().await.expect("text");
    assert!(page.contains(r#"<span class="badge ok" title="pilots (vendor OpenAI, group pilots), for internal data: The trial of ticket 12 (Ada Example, until 3000-01-01T00:00:00Z)">sanctioned</span>"#), "{page}");
    assert!(page.contains(">prohibited</span>"), "{page}");
}

#[tokio::test]
async fn the_past_is_as_it_was() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let before = ago(1);
    apply(&store, POLICY, 0).await.expect("it is the first");
    let first = json(&collector, "v1/policy").await;
    let applied = first["version"]["applied"].as_str().expect("a time").to_owned();
    let milder = POLICY.replace("prohibited", "unreviewed");
    assert_eq!(apply(&store, &milder, 1).await.expect("the second"), 2);

    assert_eq!(
        json(&collector, "v1/policy").await["sanctions"][1]["verdict"],
        "unreviewed"
    );
    let then = json(&collector, &format!("v1/policy?at={applied}")).await;
    assert_eq!(then, first);
    assert_eq!(then["sanctions"][0]["verdict"], "prohibited");
    assert_eq!(then["groups"]["pilots"], serde_json::json!(["eve"]));
    assert_eq!(json(&collector, "v1/policy?version=1").await, first);
    let nothing = json(&collector, &format!("v1/policy?at={before}")).await;
    assert_eq!(
        (&nothing["version"], &nothing["sanctions"]),
        (&Value::Null, &serde_json::json!([]))
    );
    assert_eq!(
        collector.get("v1/policy?version=3").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        collector.get("v1/policy?at=yesterday").await.status(),
        StatusCode::BAD_REQUEST
    );

    let newest = json(&collector, "v1/policy/versions?limit=1").await;
    assert_eq!(
        (&newest["versions"][0]["version"], &newest["next"]),
        (&2.into(), &2.into())
    );
    assert_eq!(newest["versions"][0]["actor"], "ada");
    let rest = json(&collector, "v1/policy/versions?before=2").await;
    assert_eq!(
        (&rest["versions"][0]["version"], &rest["next"]),
        (&1.into(), &Value::Null)
    );
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_refused() {
    let collector = Collector::start().await;
    let (one, other) = (collector.store().await, collector.store().await);
    let milder = POLICY.replace("prohibited", "unreviewed");
    let results = tokio::join!(apply(&one, POLICY, 0), apply(&other, &milder, 0));
    let ((Ok(1), Err(refused)) | (Err(refused), Ok(1))) = results else {
        panic!("{results:?}");
    };
    assert_eq!(
        refused.to_string(),
        "the policy is at version 1 by now, and this was planned against version 0: plan again"
    );
    assert_eq!(
        json(&collector, "v1/policy").await["sanctions"]
            .as_array()
            .map(Vec::len),
        Some(2),
        "one of them whole"
    );
}

#[tokio::test]
async fn labels_of_hosts_count() {
    let collector = start().await;
    let label = |text: &str| -> Labels { [text.parse::<Label>().expect("a label")].into_iter().collect() };
    let text = "version = 1\n[[sanction]]\nid = \"prod\"\nverdict = \"prohibited\"\nhost_label = \"env=prod\"\n\
                reason = \"Only in development\"\napprover = \"Ada Example\"\n";
    apply(&collector.store().await, text, 0).await.expect("the first");
    for (host, labels) in [("prod-1", label("env=prod")), ("dev-1", label("env=dev"))] {
        let token = labelling(&collector, DAY, 1, labels).await;
        let mut agent = Agent::enrolled(&collector, host, &token).await;
        assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    }
    let rows = collector.rows().await;
    let found = |host: &str| &rows.iter().find(|row| row["host"] == host).expect("a row")["finding"];
    assert_ne!(found("prod-1"), found("dev-1"), "one is prohibited, one new");
    let verdict = |host: &str| &rows.iter().find(|row| row["host"] == host).expect("a row")["verdict"];
    assert_eq!(
        (verdict("prod-1"), verdict("dev-1")),
        (&"prohibited".into(), &"unreviewed".into())
    );
}

#[tokio::test]
async fn groups_that_hosts_report_count_until_they_report_others() {
    let collector = Collector::start().await;
    let text = "version = 1\n[[sanction]]\nid = \"staff\"\nverdict = \"sanctioned\"\ngroup = \"staff\"\n\
                data = \"public\"\nreason = \"All of them\"\napprover = \"Ada Example\"\n";
    apply(&collector.store().await, text, 0).await.expect("the first");
    let of_groups = |groups: Option<&[&str]>| {
        let mut call = call("eve", "claude");
        call.caller.user.groups =
            groups.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect());
        call
    };
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![of_groups(Some(&["wheel", "staff", "", "staff"]))]))
        .await;
    let row = async || of(&collector.rows().await, "eve").clone();
    let told = row().await;
    assert_eq!(told["user"]["groups"], serde_json::json!(["staff", "wheel"]));
    assert_eq!(
        (&told["verdict"], &told["decision"]["sanction"]),
        (&"sanctioned".into(), &"staff".into())
    );
    assert_eq!(findings(&collector).await, 0, "it is sanctioned");

    // Older agents do not say; what was said stands in the inventory.
    collector.take(&spool.report(vec![of_groups(None)])).await;
    assert_eq!(row().await["verdict"], "sanctioned");

    // She has left the group: none is not the same as not known.
    collector.take(&spool.report(vec![of_groups(Some(&[]))])).await;
    let told = row().await;
    assert_eq!(
        (&told["verdict"], &told["user"]["groups"]),
        (&"unreviewed".into(), &serde_json::json!([]))
    );
    assert_eq!(findings(&collector).await, 1, "the program is new to the vendor");
}

#[tokio::test]
async fn what_is_sanctioned_raises_nothing_and_what_is_prohibited_does() {
    let collector = Collector::start().await;
    apply(&collector.store().await, POLICY, 0)
        .await
        .expect("it is the first");
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    assert_eq!(findings(&collector).await, 0, "she is one of the pilots");
    assert_eq!(of(&collector.rows().await, "eve")["finding"], Value::Null);

    collector
        .take(&spool.report(vec![call("adam", "claude"), call("ada", "claude")]))
        .await;
    assert_eq!(findings(&collector).await, 1, "one program, whoever runs it");
    let rows = collector.rows().await;
    let finding = of(&rows, "adam")["finding"].as_i64().expect("a finding");
    let page = collector.get(&format!("?finding={finding}")).await;
    let page = page.text().await.expect("text");
    assert!(
        page.contains(&format!("Finding {finding}: a prohibited use")),
        "{page}"
    );

    // A milder policy: what is unreviewed is another finding, and what was raised stays.
    let milder = POLICY.replace("prohibited", "unreviewed");
    apply(&collector.store().await, &milder, 1)
        .await
        .expect("the second");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(findings(&collector).await, 2);
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(findings(&collector).await, 2, "never twice for the same");
}

async fn findings(collector: &Collector) -> u64 {
    collector
        .metric("umbra_collector_findings_total")
        .await
        .expect("a metric")
}

#[tokio::test]
async fn prohibited_use_that_goes_on_is_raised_again_once_it_was_resolved() {
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| settings.webhook = Some(receiver.url())).await;
    let alerts = async |count: usize| {
        eventually("an alert", async || {
            Some(receiver.calls()).filter(|calls| calls.len() >= count)
        })
        .await
    };
    let store = collector.store().await;
    apply(&store, POLICY, 0).await.expect("it is the first");
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    let state = async || {
        let found = json(&collector, "v1/findings").await;
        let found = found["findings"].as_array().expect("findings").clone();
        assert_eq!(found.len(), 1, "never two of the same");
        (
            found[0]["state"].clone(),
            found[0]["finding"].as_i64().expect("a number"),
        )
    };
    let (open, finding) = state().await;
    assert_eq!(open, "open");
    let (_, payload) = alerts(1).await.remove(0);
    assert_eq!(
        (
            &payload["type"],
            &payload["verdict"],
            &payload["sanction"],
            &payload["policy"]
        ),
        (
            &"prohibited_use".into(),
            &"prohibited".into(),
            &"openai".into(),
            &1.into()
        )
    );
    let settle = async |state: FindingState, seconds: u64| {
        let decision = FindingDecision {
            state,
            until: None,
            reason: "He has stopped",
        };
        let by = By {
            actor: "ada",
            time: ago(seconds),
        };
        let done = store.decide_finding(finding, &decision, &by).await;
        assert!(done.expect("the store"));
    };
    // What was seen before it was resolved says nothing new: a call is 40 s old.
    settle(FindingState::Resolved, 10).await;
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(state().await.0, "resolved");
    settle(FindingState::Resolved, 100).await;
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(state().await.0, "open");
    assert_eq!(findings(&collector).await, 2, "it is raised again");
    let told = alerts(2).await;
    assert_eq!(told[1].1["finding"], finding);
    assert_ne!(told[0].0, told[1].0, "it is another alert");
    // Nobody wants to hear of a false alarm again.
    settle(FindingState::FalseAlarm, 100).await;
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(state().await.0, "false_alarm");
}
