//! What the inventory is narrowed by, on the page and over the API.

use reqwest::StatusCode;
use serde_json::Value;
use umbra_catalog::Kind;
use umbra_report::{Container, Evidence, Observation};

use crate::made_up::{Spool, ago, call};
use crate::policy::{apply, json};
use crate::running::Collector;

fn programs(inventory: &Value) -> Vec<&str> {
    let rows = inventory["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["program"].as_str().expect("a program"))
        .collect()
}

/// Four rows that differ in everything, each newer than the one before.
fn calls() -> Vec<Observation> {
    let mut claude = call("alice", "claude");
    claude.first_seen = ago(50);
    let mut bot = call("bob", "bot");
    "Anthropic".clone_into(&mut bot.vendor);
    bot.kind = Kind::CodingAssistant;
    bot.caller.unit = Some("bot.service".to_owned());
    bot.first_seen = ago(40);
    let mut job = call("root", "job");
    job.evidence = Evidence::Dns;
    job.caller.container = Some(Container {
        id: "c0ffee".to_owned(),
        image: Some("python:3".to_owned()),
        ..Container::default()
    });
    job.first_seen = ago(30);
    let mut nameless = call("nobody", "nameless");
    nameless.caller.user.name = None;
    nameless.caller.user.uid = 4321;
    nameless.first_seen = ago(20);
    vec![claude, bot, job, nameless]
}

#[tokio::test]
async fn each_facet_narrows_and_all_of_them_hold() {
    let collector = Collector::start().await;
    collector.take(&Spool::of("web-1").report(calls())).await;
    let mut other = call("alice", "claude");
    other.first_seen = ago(10);
    collector.take(&Spool::of("web-2").report(vec![other])).await;
    let policy = "version = 1\n[[sanction]]\nid = \"bots\"\nverdict = \"sanctioned\"\nvendor = \"Anthropic\"\n\
                  data = \"internal\"\nreason = \"The plan\"\napprover = \"Ada\"\n";
    apply(&collector.store().await, policy, 0)
        .await
        .expect("it is the first");
    for (query, expected) in [
        ("vendor=Anthropic", &["bot"][..]),
        ("kind=coding_assistant", &["bot"]),
        ("kind=api", &["claude", "nameless", "job", "claude"]),
        ("program=claude", &["claude", "claude"]),
        ("program=clau", &[]),
        ("user=alice", &["claude", "claude"]),
        ("user=uid%204321", &["nameless"]),
        ("host=web-2", &["claude"]),
        ("unit=bot.service", &["bot"]),
        ("image=python:3", &["job"]),
        ("verdict=sanctioned", &["bot"]),
        ("verdict=prohibited", &[]),
        ("evidence=dns", &["job"]),
        ("program=claude&host=web-1", &["claude"]),
        ("program=claude&vendor=Anthropic", &[]),
        ("q=web-1&verdict=unreviewed", &["nameless", "job", "claude"]),
        ("label=team%3Dweb", &[]),
        ("user=a%00", &[]),
    ] {
        let rows = json(&collector, &format!("v1/inventory?{query}")).await;
        assert_eq!(programs(&rows), expected, "{query}");
        assert_eq!(rows["next"], Value::Null, "{query}");
        // The page has the same, and says by what it is narrowed.
        let page = collector.page(&format!("inventory?{query}&kind=&q=")).await;
        assert_eq!(
            page.matches("data-label=\"Program\"").count(),
            expected.len(),
            "{query}"
        );
        assert!(page.contains("aria-label=\"Narrowed by\""), "{query}");
    }
    // What is newest comes first, and one goes on where a page ended.
    let first = json(&collector, "v1/inventory?program=claude&limit=1").await;
    assert_eq!(first["rows"][0]["host"], "web-2");
    let next = first["next"].as_str().expect("a place");
    let second = json(
        &collector,
        &format!("v1/inventory?program=claude&limit=1&after={next}"),
    )
    .await;
    assert_eq!(second["rows"][0]["host"], "web-1");
    assert_eq!(second["next"], Value::Null);
    let caller = &second["rows"][0]["caller"];
    let rows = json(&collector, &format!("v1/inventory?caller={caller}")).await;
    assert_eq!(programs(&rows), ["claude"]);
    for wrong in ["kind=toaster", "verdict=maybe", "label=team", "evidence=rumour"] {
        for path in ["v1/inventory", "inventory"] {
            let answer = collector.get(&format!("{path}?{wrong}")).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path} {wrong}");
        }
    }
}

#[tokio::test]
async fn a_table_is_of_the_same_rows_and_leaves_a_trace() {
    let collector = Collector::start().await;
    collector.take(&Spool::of("web-1").report(calls())).await;
    let answer = collector.get("v1/inventory?evidence=dns&format=csv").await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let table = answer.text().await.expect("a table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[0].starts_with("first_seen,last_seen,vendor,"), "{table}");
    assert!(
        lines[1].contains(",job,") && lines[1].contains(",python:3,"),
        "{table}"
    );
    let page = collector.page("inventory?evidence=dns").await;
    assert!(
        page.contains(r#"href="/v1/inventory?evidence=dns&limit=1000&amp;format=csv""#),
        "{page}"
    );
    let audit = json(&collector, "v1/audit").await;
    let last = &audit["entries"][0];
    assert_eq!(last["action"], "answer_exported", "{audit}");
    assert_eq!(last["subject"], "inventory");
    let first = collector.get("v1/inventory?limit=1&format=csv").await;
    let next = first.headers()["x-next"].to_str().expect("a place").to_owned();
    let rest = collector
        .get(&format!("v1/inventory?after={next}&format=csv"))
        .await;
    let rest = rest.text().await.expect("a table");
    assert_eq!(rest.lines().count(), 3, "{rest}");
}

#[tokio::test]
async fn what_is_rare_is_found_behind_much_else() {
    let collector = Collector::start().await;
    let mut rare = call("alice", "rare");
    rare.evidence = Evidence::Dns;
    rare.first_seen = ago(5_000);
    let others = (0..300).map(|number| call("alice", &format!("tool-{number}")));
    collector
        .take(&Spool::of("web-1").report(others.chain([rare]).collect()))
        .await;
    // By pages of any size, as if there were nothing in between.
    for limit in [1, 2, 50] {
        let rows = json(&collector, &format!("v1/inventory?evidence=dns&limit={limit}")).await;
        assert_eq!(programs(&rows), ["rare"], "{limit}");
        assert_eq!(rows["next"], Value::Null, "{limit}");
    }
    let page = collector.page("inventory?verdict=prohibited").await;
    assert!(
        page.contains("Nothing here.") && !page.contains("Look further"),
        "{page}"
    );
}
