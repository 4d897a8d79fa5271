//! The overview and the lists of what has been decided, as people read them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::made_up::{Spool, call};
use crate::running::Collector;
use crate::scopes::{fleet, seeing};

#[tokio::test]
async fn the_overview_says_what_is_new_who_is_used_and_how_much_is_sent() {
    let collector = Collector::start().await;
    assert!(collector.page("").await.contains("No AI call has been seen yet"));
    let mut spool = Spool::of("web-1");
    let mut large = call("bob", "bot");
    large.vendor = "Anthropic".to_owned();
    large.bytes_out = 48_000_000;
    collector
        .take(&spool.report(vec![call("alice", "claude"), call("bob", "claude"), large]))
        .await;
    let page = collector.page("").await;
    for part in [
        r#"<a href="/" aria-current="page">Overview</a>"#,
        "claude uses OpenAI, and nobody has sanctioned it",
        r#"<a href="/findings">All open findings: 2</a>"#,
        r#"<a href="/vendors/Anthropic"><b>Anthropic</b></a>"#,
        r#"<span title="48,000,000 bytes">48 MB</span>"#,
        r#"<span title="200 bytes">200 B</span>"#,
        r#"data-label="Callers" class="number">2</td>"#,
        "<svg ",
        "<dt>Hosts</dt>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // What was sent most comes first.
    assert!(page.find("<b>Anthropic") < page.find("<b>OpenAI"), "{page}");
    assert!(!page.contains("style="), "the content policy lets none through");
}

#[tokio::test]
async fn who_sees_some_hosts_has_an_overview_of_these() {
    let (collector, _agents) = fleet().await;
    let whole = collector.page("").await;
    assert!(
        whole.contains("data-label=\"Callers\" class=\"number\">7</td>"),
        "{whole}"
    );
    let web = seeing(&collector, &["team=web"]).await;
    let page = web.get(&collector.url).send().await.expect("an answer");
    let page = page.text().await.expect("HTML");
    assert!(
        page.contains("data-label=\"Callers\" class=\"number\">3</td>"),
        "{page}"
    );
    assert!(page.contains("<span title=\"300 bytes\">300 B</span>"), "{page}");
    assert!(
        page.contains("webbot uses") && page.contains("claude uses"),
        "{page}"
    );
    for other in ["dora", "pgbot", "db-1", "fred", "free", "Losses by cause"] {
        assert!(!page.contains(other), "{other} is told: {page}");
    }
    // What is the whole fleet's is neither offered nor had.
    assert!(
        page.contains("href=\"/policy\"") && !page.contains("href=\"/audit\""),
        "{page}"
    );
    let none = seeing(&collector, &["team=ops"]).await;
    let page = none.get(&collector.url).send().await.expect("an answer");
    let page = page.text().await.expect("HTML");
    assert!(page.contains("No AI call has been seen yet"), "{page}");
}

#[tokio::test]
async fn what_was_decided_is_listed_and_each_version_says_what_it_changed() {
    let collector = Collector::start().await;
    assert!(
        collector
            .page("policy")
            .await
            .contains("Nothing has been decided yet")
    );
    assert!(
        collector
            .page("requests")
            .await
            .contains("Nothing waits for a decision")
    );
    let policy = |reason: &str| {
        format!(
            "version = 1\n[[sanction]]\nid = \"chats\"\nverdict = \"sanctioned\"\nvendor = \"OpenAI\"\ndata = \"internal\"\nreason = \"{reason}\"\napprover = \"Ada <i>\"\n"
        )
    };
    for (against, reason) in [(0, "The old plan"), (1, "The new plan")] {
        let body =
            json!({"policy": policy(reason), "comment": format!("{reason} it is"), "against": against});
        let answer = collector
            .http
            .post(format!("{}v1/policy", collector.url))
            .json(&body)
            .send()
            .await;
        let answer = answer.expect("an answer");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }
    let list = collector.page("policy").await;
    for part in [
        "version 2 is in force",
        "<b>chats</b>",
        "The new plan",
        "Ada &#60;i&#62;",
        "internal",
        "The old plan it is",
        r#"href="/policy/1""#,
    ] {
        assert!(list.contains(part), "{part} is not in {list}");
    }
    let second = collector.page("policy/2").await;
    for part in [
        "<span class=\"removed\"><span class=\"spoken\">removed: </span><span aria-hidden=\"true\">- </span>reason = &#34;The old plan&#34;",
        "<span class=\"added\"><span class=\"spoken\">added: </span><span aria-hidden=\"true\">+ </span>reason = &#34;The new plan&#34;",
        r#"<a href="/policy/1">version 1</a>"#,
    ] {
        assert!(second.contains(part), "{part} is not in {second}");
    }
    assert!(collector.page("policy/1").await.contains("What it began with"));
    for missing in ["policy/0", "policy/3", "policy/18446744073709551615"] {
        assert_eq!(
            collector.get(missing).await.status(),
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
    let audit = collector.page("audit").await;
    for part in [
        "<b>policy applied</b>",
        "The new plan it is",
        "sha256",
        " UTC</span></time>",
    ] {
        assert!(audit.contains(part), "{part} is not in {audit}");
    }
    assert!(!audit.contains("Verified"), "nobody has asked");
    let verified: Value = collector.get("v1/audit/verify").await.json().await.expect("JSON");
    let entries = verified["entries"].as_u64().expect("a number");
    assert_eq!(
        (&verified["intact"], &verified["fault"]),
        (&true.into(), &Value::Null)
    );
    let head = verified["head"].as_str().expect("a head");
    let told = format!("Verified {entries} entries, as they were written, up to <code>{head}</code>");
    assert!(
        entries >= 2 && head.starts_with(&format!("{entries}:")),
        "{verified}"
    );
    for path in ["audit", "audit?verify=true"] {
        let page = collector.page(path).await;
        assert!(page.contains(&told), "{told} is not in {page}");
    }
    assert!(
        collector
            .page("audit?before=1")
            .await
            .contains("There is nothing older")
    );
    assert_eq!(
        collector.get("audit?before=-1").await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        collector.get("requests?state=odd").await.status(),
        StatusCode::BAD_REQUEST
    );
}
