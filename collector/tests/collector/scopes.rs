//! Who sees some hosts sees nothing of the others: not in lists, not in sums, not by search; and changes nothing there.

use std::collections::BTreeSet;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::{Right, Scope};
use umbra_collector::labels::{Label, Labels};
use umbra_report::Observation;

use crate::enrolment::host::{Agent, DAY, by, labelling, start, store};
use crate::made_up::call;
use crate::running::{Collector, client_with, post};

fn label(text: &str) -> Label {
    text.parse().expect("a label")
}

/// A host with these labels that made these calls.
pub(crate) async fn host(
    collector: &Collector,
    name: &str,
    labels: &[&str],
    calls: Vec<Observation>,
) -> Agent {
    let labels: Labels = labels.iter().map(|text| label(text)).collect();
    let token = labelling(collector, DAY, 1, labels).await;
    let mut agent = Agent::enrolled(collector, name, &token).await;
    let report = agent.spool.report(calls);
    let answer = post(&agent.http, &collector.agents(), &report)
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.text().await);
    agent
}

/// A client whose token sees the hosts of these labels.
pub(crate) async fn seeing(collector: &Collector, labels: &[&str]) -> Client {
    let scope: Scope = labels.iter().map(|text| label(text)).collect();
    client_with(
        &collector
            .token(&[Right::InventoryRead, Right::FindingsWrite], &scope)
            .await,
    )
}

async fn get(http: &Client, collector: &Collector, path: &str) -> Value {
    let answer = http
        .get(format!("{}{path}", collector.url))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.expect("JSON")
}

fn all<'a>(answer: &'a Value, list: &str, field: &str) -> BTreeSet<&'a str> {
    let rows = answer[list].as_array().expect("a list").iter();
    rows.map(|row| row[field].as_str().expect("text")).collect()
}

/// Three hosts of two teams, one of them for tests, and one that nobody has labelled.
pub(crate) async fn fleet() -> (Collector, Vec<Agent>) {
    let collector = start().await;
    let mut agents = Vec::new();
    for (name, labels, user, programs) in [
        (
            "db-1",
            &["team=db", "env=prod"][..],
            "dora",
            &["claude", "pgbot"][..],
        ),
        ("web-1", &["team=web", "env=prod"], "wendy", &["claude", "webbot"]),
        ("web-2", &["team=web", "env=test"], "will", &["claude"]),
        ("free-1", &[], "fred", &["claude", "freebot"]),
    ] {
        let calls = programs.iter().map(|program| call(user, program)).collect();
        agents.push(host(&collector, name, labels, calls).await);
    }
    (collector, agents)
}

#[tokio::test]
async fn lists_search_and_page_have_the_hosts_that_are_seen_and_no_others() {
    let (collector, _agents) = fleet().await;
    for (labels, hosts) in [
        (&["team=web"][..], &["web-1", "web-2"][..]),
        (&["team=web", "team=db"], &["db-1", "web-1", "web-2"]),
        (&["team=web", "env=prod"], &["web-1"]),
        (&["team=web", "team=db", "env=prod"], &["db-1", "web-1"]),
        (&["team=ops"], &[]),
        (&["team=web", "site=ams"], &[]),
        (&[], &["db-1", "free-1", "web-1", "web-2"]),
    ] {
        let http = seeing(&collector, labels).await;
        let hosts: BTreeSet<&str> = hosts.iter().copied().collect();
        let inventory = get(&http, &collector, "v1/inventory").await;
        assert_eq!(all(&inventory, "rows", "host"), hosts, "{labels:?}");
        let agents = get(&http, &collector, "v1/agents").await;
        assert_eq!(all(&agents, "agents", "host"), hosts, "{labels:?}");
        // By text, of the host, the user and the program; and one row at a time.
        for text in ["web-1", "wendy", "claude", "pgbot", "openai"] {
            let found = get(&http, &collector, &format!("v1/inventory?q={text}")).await;
            assert!(all(&found, "rows", "host").is_subset(&hosts), "{labels:?} {text}");
            let everything = get(&collector.http, &collector, &format!("v1/inventory?q={text}")).await;
            let wanted = all(&everything, "rows", "host").intersection(&hosts).count();
            assert_eq!(all(&found, "rows", "host").len(), wanted, "{labels:?} {text}");
        }
        let rows = inventory["rows"].as_array().expect("rows").len();
        let mut walked = Vec::new();
        let mut after = String::new();
        loop {
            let page = get(&http, &collector, &format!("v1/inventory?limit=1&after={after}")).await;
            walked.extend(page["rows"].as_array().expect("rows").clone());
            assert!(page["rows"].as_array().expect("rows").len() <= 1);
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        assert_eq!(walked.len(), rows, "pages are cut of what is seen");
        let page = http
            .get(format!("{}inventory", collector.url))
            .send()
            .await
            .expect("an answer");
        let page = page.text().await.expect("HTML");
        for other in ["db-1", "web-1", "web-2", "free-1"] {
            assert_eq!(page.contains(other), hosts.contains(other), "{labels:?}: {other}");
        }
        if !labels.is_empty() {
            assert!(
                page.contains(&format!("<dt>Hosts</dt>\n      <dd>{}", hosts.len())),
                "{page}"
            );
            assert!(
                !page.contains("Losses by cause"),
                "what is the whole fleet's is left out"
            );
        }
    }
}

#[tokio::test]
async fn findings_are_those_of_the_hosts_that_are_seen_and_name_no_others() {
    let (collector, _agents) = fleet().await;
    let everything = get(&collector.http, &collector, "v1/findings").await;
    assert_eq!(
        all(&everything, "findings", "program"),
        BTreeSet::from(["claude", "freebot", "pgbot", "webbot"])
    );
    let id = |program: &str| {
        let findings = everything["findings"].as_array().expect("findings").iter();
        let found = findings
            .clone()
            .find(|it| it["program"] == program)
            .expect("a finding");
        found["finding"].clone()
    };
    let web = seeing(&collector, &["team=web"]).await;
    let findings = get(&web, &collector, "v1/findings").await;
    assert_eq!(
        all(&findings, "findings", "program"),
        BTreeSet::from(["claude", "webbot"])
    );
    // It was first seen on another host, whose name and user are not told.
    assert_eq!(
        everything["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .find(|it| it["program"] == "claude")
            .expect("it")["host"],
        "db-1"
    );
    assert_eq!(all(&findings, "findings", "host"), BTreeSet::from(["web-1"]));
    assert!(!findings.to_string().contains("dora"));
    let rows = get(
        &web,
        &collector,
        &format!("v1/inventory?finding={}", id("claude")),
    )
    .await;
    assert_eq!(all(&rows, "rows", "host"), BTreeSet::from(["web-1", "web-2"]));
    let rows = get(&web, &collector, &format!("v1/inventory?finding={}", id("pgbot"))).await;
    assert_eq!(rows["rows"], json!([]));
    let page = web
        .get(format!("{}inventory?finding={}", collector.url, id("pgbot")))
        .send()
        .await;
    let page = page.expect("an answer").text().await.expect("HTML");
    assert!(
        !page.contains("a new caller, unreviewed"),
        "what it is about is not told either"
    );

    // A state is for all hosts of a finding.
    let set = async |program: &str| {
        let url = format!("{}v1/findings/{}/state", collector.url, id(program));
        let answer = web
            .post(url)
            .json(&json!({"state": "acknowledged"}))
            .send()
            .await
            .expect("an answer");
        answer.status()
    };
    assert_eq!(set("webbot").await, StatusCode::OK);
    assert_eq!(set("claude").await, StatusCode::FORBIDDEN);
    assert_eq!(set("pgbot").await, StatusCode::NOT_FOUND);
    let acknowledged = get(&collector.http, &collector, "v1/findings?state=acknowledged").await;
    assert_eq!(
        all(&acknowledged, "findings", "program"),
        BTreeSet::from(["webbot"])
    );
    let open = get(&web, &collector, "v1/findings?state=open").await;
    assert_eq!(all(&open, "findings", "program"), BTreeSet::from(["claude"]));
}

#[tokio::test]
async fn the_pages_of_findings_tell_nothing_of_other_hosts() {
    let (collector, _agents) = fleet().await;
    let everything = get(&collector.http, &collector, "v1/findings").await;
    let id = |program: &str| {
        let findings = everything["findings"].as_array().expect("findings");
        let found = findings.iter().find(|it| it["program"] == program);
        found.expect("a finding")["finding"].clone()
    };
    let web = seeing(&collector, &["team=web"]).await;
    let page = async |path: String| {
        let answer = web.get(format!("{}{path}", collector.url)).send().await;
        let answer = answer.expect("an answer");
        (answer.status(), answer.text().await.expect("text"))
    };
    for (path, status, shown) in [
        ("findings".to_owned(), StatusCode::OK, "webbot uses"),
        (
            "findings?host=web-2&severity=medium".to_owned(),
            StatusCode::OK,
            "will on web-2",
        ),
        (
            "findings?host=db-1".to_owned(),
            StatusCode::OK,
            "No finding is like this",
        ),
        (
            format!("findings/{}", id("claude")),
            StatusCode::OK,
            "hosts, too, that you do not see",
        ),
        (
            format!("findings/{}", id("pgbot")),
            StatusCode::NOT_FOUND,
            "no finding",
        ),
    ] {
        let (answered, html) = page(path.clone()).await;
        assert_eq!(answered, status, "{path}");
        assert!(html.contains(shown), "{path}: {html}");
        for other in ["dora", "pgbot", "fred", "free", "What it was raised for"] {
            assert!(!html.contains(other), "{path} tells of {other}: {html}");
        }
        assert!(
            path.contains("host=db-1") || !html.contains("db-1"),
            "{path}: {html}"
        );
    }
}

#[tokio::test]
async fn a_label_that_changes_changes_what_is_seen_at_once() {
    let (collector, agents) = fleet().await;
    let web = seeing(&collector, &["team=web"]).await;
    let hosts = async || {
        let inventory = get(&web, &collector, "v1/inventory").await;
        all(&inventory, "rows", "host")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let relabel = async |agent: &Agent, labels: &[&str]| {
        let labels: Labels = labels.iter().map(|text| label(text)).collect();
        let done = store(&collector)
            .await
            .label(agent.spool.agent.id, &labels, &by())
            .await;
        assert!(done.expect("the store"));
    };
    relabel(&agents[0], &["team=web"]).await;
    assert_eq!(hosts().await, ["db-1", "web-1", "web-2"]);
    relabel(&agents[1], &["team=db"]).await;
    relabel(&agents[2], &[]).await;
    assert_eq!(hosts().await, ["db-1"]);
}
