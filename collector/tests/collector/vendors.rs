//! A vendor's page, and its rows of the inventory.

use reqwest::StatusCode;
use serde_json::Value;

use crate::made_up::{Spool, call};
use crate::policy::{apply, json};
use crate::running::Collector;
use crate::scopes::{fleet, seeing};

fn programs(inventory: &Value) -> Vec<&str> {
    let rows = inventory["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["program"].as_str().expect("a program"))
        .collect()
}

#[tokio::test]
async fn a_vendor_is_told_with_sources_and_with_who_uses_it() {
    let collector = Collector::start().await;
    let mut large = call("bob", "bot");
    large.vendor = "Anthropic".to_owned();
    large.bytes_out = 48_000_000;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude"), large]))
        .await;
    let policy = "version = 1\n[[sanction]]\nid = \"bots\"\nverdict = \"sanctioned\"\nvendor = \"Anthropic\"\n\
                  program = \"bot\"\ndata = \"internal\"\nreason = \"The <business> plan\"\napprover = \"Ada\"\n\
                  [[sanction]]\nid = \"chats\"\nverdict = \"prohibited\"\nvendor = \"OpenAI\"\nreason = \"No\"\n\
                  approver = \"Ada\"\n";
    let store = collector.store().await;
    apply(&store, policy, 0).await.expect("it is the first");
    let page = collector.page("vendors/Anthropic").await;
    for part in [
        "<h1>Anthropic</h1>",
        "Also called Claude.",
        r#"<span title="48,000,000 bytes">48 MB</span> by 1 caller<"#,
        "<svg ",
        "<b>bot</b>",
        r#"<span class="badge ok" title="bots ("#,
        "<b>bots</b>: vendor Anthropic, program bot, data internal. The &#60;business&#62; plan (Ada)",
        "offered on business and API plans alone (<a href=\"https://www.anthropic.com/legal/data-processing-addendum\"",
        "api.anthropic.com",
        "claude.ai and all below",
        r#"href="/inventory?vendor=Anthropic""#,
        r#"<a href="/inventory" aria-current="page">Inventory</a>"#,
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    for other in ["<b>claude</b>", "<b>chats</b>", "style="] {
        assert!(!page.contains(other), "{other} is in {page}");
    }
    // One that nobody uses is told as well; of one without a source it says so.
    let unused = collector.page("vendors/Groq").await;
    assert!(unused.contains("Nothing was sent in these days."), "{unused}");

    let rows = json(&collector, "v1/inventory?vendor=Anthropic").await;
    assert_eq!(programs(&rows), ["bot"]);
    let page = collector.page("inventory?vendor=OpenAI").await;
    assert!(
        page.contains("<li>Vendor: <b>OpenAI</b>") && !page.contains("Anthropic"),
        "{page}"
    );
    // The name as a whole.
    let rows = json(&collector, "v1/inventory?vendor=Open").await;
    assert!(programs(&rows).is_empty());
    // And with a text.
    let both = json(&collector, "v1/inventory?vendor=OpenAI&q=CLAUDE").await;
    assert_eq!(programs(&both), ["claude"]);
    let none = json(&collector, "v1/inventory?vendor=OpenAI&q=bot").await;
    assert!(programs(&none).is_empty());
}

#[tokio::test]
async fn a_vendor_is_found_by_its_other_names_and_none_is_made_up() {
    let collector = Collector::start().await;
    for name in ["claude", "anthropic"] {
        let answer = collector.get(&format!("vendors/{name}")).await;
        assert_eq!(answer.url().path(), "/vendors/Anthropic", "{name}");
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
    }
    for name in ["nobody", "%3Cscript%3E", "a%2Fb"] {
        let answer = collector.get(&format!("vendors/{name}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{name}");
        assert!(
            answer
                .text()
                .await
                .expect("text")
                .contains("no vendor of this name")
        );
    }
    // Of one's own catalogue, or of a later one's.
    let mut own = call("alice", "claude");
    own.vendor = "Our/own <i>+&? é".to_owned();
    collector.take(&Spool::of("web-1").report(vec![own])).await;
    let list = collector.page("inventory").await;
    let path = "/vendors/Our%2Fown%20%3Ci%3E%2B%26%3F%20%C3%A9";
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    let page = collector.page(&path[1..]).await;
    assert!(
        page.contains("<h1>Our/own &#60;i&#62;+&#38;? é</h1>") && page.contains("<b>claude</b>"),
        "{page}"
    );
    assert!(page.contains("catalogue does not know it"), "{page}");
    // Its own page, although Anthropic is called so as well.
    let mut own = call("alice", "ours");
    own.vendor = "claude".to_owned();
    collector.take(&Spool::of("web-2").report(vec![own])).await;
    let page = collector.page("vendors/claude").await;
    assert!(
        page.contains("<h1>claude</h1>") && page.contains("<b>ours</b>"),
        "{page}"
    );
}

#[tokio::test]
async fn who_sees_some_hosts_sees_a_vendors_callers_on_these() {
    let (collector, _agents) = fleet().await;
    let web = seeing(&collector, &["team=web"]).await;
    let get = async |path: &str| {
        let answer = web.get(format!("{}{path}", collector.url)).send().await;
        answer.expect("an answer").text().await.expect("text")
    };
    let page = get("vendors/OpenAI").await;
    assert!(
        page.contains("by 3 callers<") && page.contains("<b>webbot</b>"),
        "{page}"
    );
    for other in ["dora", "pgbot", "db-1", "fred", "freebot"] {
        assert!(!page.contains(other), "{other} is told: {page}");
    }
    let rows: Value = serde_json::from_str(&get("v1/inventory?vendor=OpenAI").await).expect("JSON");
    assert_eq!(programs(&rows).len(), 3);
    let rows: Value = serde_json::from_str(&get("v1/inventory?vendor=Anthropic").await).expect("JSON");
    assert!(programs(&rows).is_empty());
}
