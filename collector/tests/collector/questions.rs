//! Questions about the past: answered as it was decided then, whatever was decided since.

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use umbra_catalog::Catalogue;
use umbra_collector::store::{By, NewPolicy, Store};
use umbra_policy::File;
use umbra_report::Observation;

use crate::made_up::{Spool, call};
use crate::policy::json as ask;
use crate::running::Collector;

/// The begin of the hour ten hours ago.
fn begin() -> Timestamp {
    let now = Timestamp::now();
    let hour = now.as_second().div_euclid(3600) * 3600;
    Timestamp::from_second(hour).expect("a time") - SignedDuration::from_hours(10)
}

fn hours(after: Timestamp, hours: i64) -> Timestamp {
    after + SignedDuration::from_hours(hours)
}

/// What a user's program did in the hour so many after `begin`.
fn call_in(begin: Timestamp, hour: i64, user: &str, program: &str) -> Observation {
    let mut call = call(user, program);
    call.minute = hours(begin, hour) + SignedDuration::from_mins(7);
    (call.first_seen, call.last_seen) = (call.minute, call.minute + SignedDuration::from_secs(30));
    call
}

/// Puts a policy in force that says this of one vendor, as of a time.
async fn decide(store: &Store, verdict: &str, more: &str, time: Timestamp) -> u64 {
    let text = format!(
        "version = 1\n[[sanction]]\nid = \"openai\"\nverdict = \"{verdict}\"\nvendor = \"openai\"\nreason = \"The {verdict} one\"\n\
         approver = \"Ada Example\"\n{more}"
    );
    let file = File::parse(&text, &Catalogue::builtin(), time).expect("a policy");
    let new = NewPolicy {
        file: &file,
        text: &text,
        comment: "",
        against: store.policy_version().await.expect("the store"),
    };
    let by = By { actor: "bea", time };
    store.apply_policy(&new, &by).await.expect("the next version")
}

/// Calls of an hour each, and policies between them; gives when it began.
async fn past(collector: &Collector) -> Timestamp {
    let begin = begin();
    let store = collector.store().await;
    let calls = [0, 3, 5, 7].map(|hour| call_in(begin, hour, "eve", "claude"));
    collector.take(&Spool::of("web-1").report(calls.into())).await;
    decide(&store, "prohibited", "", hours(begin, 2)).await;
    // The sanction ends two hours after the policy came into force.
    let ends = format!("data = \"internal\"\nexpires = {}\n", hours(begin, 6));
    decide(&store, "sanctioned", &ends, hours(begin, 4)).await;
    begin
}

fn bounds(begin: Timestamp, to: i64) -> String {
    format!("vendor=openai&from={begin}&to={}", hours(begin, to))
}

fn column(answer: &Value, name: &str) -> Vec<Value> {
    let rows = answer["rows"].as_array().expect("rows").iter();
    rows.map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn each_part_of_a_use_is_held_against_the_policy_of_its_time() {
    let collector = Collector::start().await;
    let begin = past(&collector).await;
    let path = format!("v1/questions/users-of-vendor?{}", bounds(begin, 9));
    let answer = ask(&collector, &path).await;
    assert_eq!(
        (column(&answer, "verdict"), column(&answer, "policy")),
        (
            vec![
                "unreviewed".into(),
                "prohibited".into(),
                "sanctioned".into(),
                "unreviewed".into()
            ],
            vec![0.into(), 1.into(), 2.into(), 2.into()]
        )
    );
    assert_eq!(
        column(&answer, "sanction"),
        [json!(null), json!("openai"), json!("openai"), json!(null)]
    );
    assert_eq!(column(&answer, "bytes_out"), [100, 100, 100, 100]);
    assert_eq!(column(&answer, "flows"), [1, 1, 1, 1]);
    assert_eq!(
        (
            &answer["rows"][1]["from"],
            &answer["rows"][1]["to"],
            &answer["next"]
        ),
        (
            &hours(begin, 2).to_string().into(),
            &hours(begin, 4).to_string().into(),
            &Value::Null
        )
    );
    assert_eq!(answer["rows"][0]["user"], "eve");

    // Which decision, who took it, on which version.
    let path = format!("v1/questions/decisions?{}", bounds(begin, 9));
    let decisions = ask(&collector, &path).await;
    assert_eq!(
        (column(&decisions, "reason"), column(&decisions, "applied_by")),
        (
            vec![
                Value::Null,
                "The prohibited one".into(),
                "The sanctioned one".into(),
                Value::Null
            ],
            vec![Value::Null, "bea".into(), "bea".into(), "bea".into()]
        )
    );
    let covered = &decisions["rows"][2];
    assert_eq!(
        (
            &covered["data"],
            &covered["approver"],
            &covered["scope"],
            &covered["applied"]
        ),
        (
            &"internal".into(),
            &"Ada Example".into(),
            &"vendor OpenAI".into(),
            &hours(begin, 4).to_string().into()
        )
    );

    // What is decided now is about now.
    decide(&collector.store().await, "prohibited", "", Timestamp::now()).await;
    assert_eq!(ask(&collector, &path).await, decisions);
    let rows = collector.rows().await;
    assert_eq!(rows[0]["verdict"], "prohibited");
}

#[tokio::test]
async fn only_what_was_in_the_time_that_is_asked_about_counts() {
    let collector = Collector::start().await;
    let begin = begin();
    let mut spool = Spool::of("web-1");
    let calls = vec![
        call_in(begin, 1, "eve", "claude"),
        call_in(begin, 4, "eve", "claude"),
        call_in(begin, 4, "adam", "claude"),
        call_in(begin, 4, "adam", "codex"),
        call_in(begin, 7, "adam", "claude"),
    ];
    collector.take(&spool.report(calls)).await;
    // The same person and program on another host are one sender.
    let again = (0..3).map(|_| call_in(begin, 4, "eve", "claude"));
    collector.take(&Spool::of("web-2").report(again.collect())).await;
    let sent = async |query: String| {
        let answer = ask(&collector, &format!("v1/questions/bytes-out?{query}")).await;
        let columns = ["user", "program", "hosts", "bytes_out"].map(|name| column(&answer, name));
        (0..columns[0].len())
            .map(|row| {
                columns
                    .iter()
                    .map(|column| column[row].to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        sent(bounds(begin, 9)).await,
        [
            r#""eve" "claude" 2 500"#,
            r#""adam" "claude" 1 200"#,
            r#""adam" "codex" 1 100"#
        ]
    );
    assert_eq!(
        sent(bounds(begin, 5).replace(&begin.to_string(), &hours(begin, 2).to_string())).await,
        [
            r#""eve" "claude" 2 400"#,
            r#""adam" "claude" 1 100"#,
            r#""adam" "codex" 1 100"#
        ]
    );
    assert_eq!(
        sent(format!("{}&limit=1", bounds(begin, 5))).await,
        [r#""eve" "claude" 2 500"#]
    );
    assert!(
        sent(bounds(begin, 9).replace("openai", "anthropic"))
            .await
            .is_empty()
    );
    // Whole and in parts, an answer has the same rows.
    let whole = ask(
        &collector,
        &format!("v1/questions/users-of-vendor?{}", bounds(begin, 6)),
    )
    .await;
    let whole = whole["rows"].as_array().expect("rows").clone();
    assert_eq!(whole.len(), 4);
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("v1/questions/users-of-vendor?{}&limit=1{after}", bounds(begin, 6));
        let mut answer = ask(&collector, &path).await;
        rows.append(answer["rows"].as_array_mut().expect("rows"));
        match answer["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(rows, whole);
}

#[tokio::test]
async fn a_table_is_for_spreadsheets_and_each_is_in_the_audit_log() {
    let collector = Collector::start().await;
    let begin = begin();
    let formula = "=HYPERLINK(\"http://192.0.2.1\",\"x\")";
    let calls = vec![call_in(begin, 1, "eve", formula)];
    collector.take(&Spool::of("web-1").report(calls)).await;
    let path = format!("{}v1/questions/bytes-out?{}", collector.url, bounds(begin, 5));
    let answer = collector
        .http
        .get(&path)
        .header("accept", "text/csv")
        .send()
        .await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let table = answer.text().await.expect("text");
    assert_eq!(
        table,
        "user,program,hosts,flows,bytes_out,bytes_in\r\n\
         eve,\"'=HYPERLINK(\"\"http://192.0.2.1\"\",\"\"x\"\")\",1,1,100,2000\r\n"
    );
    let asked = format!("v1/questions/users-of-vendor?{}&format=csv", bounds(begin, 5));
    let users = collector.get(&asked).await.text().await.expect("text");
    assert_eq!(users.lines().count(), 2, "{users}");
    let log = ask(&collector, "v1/audit").await;
    let entries = log["entries"].as_array().expect("entries").iter();
    let entries: Vec<_> = entries
        .filter(|entry| entry["action"] == "answer_exported")
        .collect();
    assert_eq!(entries.len(), 2, "one for each: {log}");
    assert_eq!(entries[1]["subject"], "bytes-out");
    let actor = entries[1]["actor"].as_str().expect("text");
    assert!(actor.starts_with("api token tests ("), "{actor}");
    let detail: Value = serde_json::from_str(entries[1]["detail"].as_str().expect("text")).expect("JSON");
    assert_eq!(
        (&detail["rows"], &detail["vendor"]),
        (&1.into(), &"OpenAI".into())
    );
}

#[tokio::test]
async fn a_question_that_cannot_be_read_is_refused_in_words() {
    let collector = Collector::start().await;
    for (query, why) in [
        (
            "vendor=openai&from=yesterday",
            "from must be a time with its zone",
        ),
        (
            "vendor=openai&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "`to` must be after `from`",
        ),
        ("vendor=openai&from=2019-01-01T00:00:00Z", "14 months at most"),
        ("vendor=openai&limit=0", "limit must be from 1 to 1000"),
        ("vendor=openai&after=1.2", "this is no place in an answer"),
        ("", "vendor"),
    ] {
        let answer = collector.get(&format!("v1/questions/decisions?{query}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        let said = answer.text().await.expect("text");
        assert!(said.contains(why), "{query}: {said}");
    }
    let listed = ask(&collector, "v1/questions").await;
    for question in listed["questions"].as_array().expect("questions") {
        let path = question["path"].as_str().expect("a path").trim_start_matches('/');
        ask(&collector, &format!("{path}?vendor=openai")).await;
    }
}
