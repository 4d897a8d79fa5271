//! Pages of a caller, a host and a user.

use reqwest::StatusCode;
use umbra_report::{Evidence, Origin, OriginKind, Package};

use crate::made_up::{Spool, call};
use crate::policy::{apply, json};
use crate::running::Collector;
use crate::scopes::{fleet, seeing};

#[tokio::test]
async fn a_caller_is_told_with_its_line_its_evidence_and_what_was_decided() {
    let collector = Collector::start().await;
    let mut bot = call("alice", "python3 ~/bot.py");
    bot.caller.program.script = Some("/home/alice/bot.py".to_owned());
    bot.caller.program.package = Some(Package {
        manager: "pip".to_owned(),
        name: "bot".to_owned(),
        version: Some("2.1".to_owned()),
    });
    bot.origin = Some(Origin {
        kind: OriginKind::Ssh,
        peer: "192.0.2.9".parse().ok(),
        ancestors: vec!["/bin/<bash>".to_owned(), "/usr/sbin/sshd".to_owned()],
        ..Origin::default()
    });
    bot.bytes_out = 7_000_000;
    let mut second = bot.clone();
    "Anthropic".clone_into(&mut second.vendor);
    "api.anthropic.com".clone_into(&mut second.name);
    second.evidence = Evidence::Dns;
    collector
        .take(&Spool::of("web-1").report(vec![bot.clone(), second]))
        .await;
    bot.caller.user.name = Some("bob".to_owned());
    bot.caller.user.uid = 1002;
    collector.take(&Spool::of("web-2").report(vec![bot])).await;
    let policy = "version = 1\n[[sanction]]\nid = \"all\"\nverdict = \"prohibited\"\nvendor = \"OpenAI\"\n\
                  reason = \"No\"\napprover = \"Ada\"\n[[sanction]]\nid = \"hers\"\nverdict = \"sanctioned\"\n\
                  vendor = \"OpenAI\"\nuser = \"alice\"\ndata = \"public\"\nreason = \"A trial\"\napprover = \"Ada\"\n";
    apply(&collector.store().await, policy, 0)
        .await
        .expect("it is the first");
    let rows = json(&collector, "v1/inventory?host=web-1").await;
    let caller = &rows["rows"][0]["caller"];
    let page = collector.page(&format!("callers/{caller}")).await;
    for part in [
        "<h1>python3 ~/bot.py</h1>",
        "Run by alice on web-1, last set off by ssh from 192.0.2.9, it uses",
        r#"<a href="/users/alice">alice"#,
        "<dt>Package</dt><dd>pip:bot 2.1</dd>",
        "<ul><li>/usr/sbin/sshd<ul><li>/bin/&#60;bash&#62;<ul><li><b>python3 ~/bot.py</b>",
        "<li>→ Anthropic</li><li>→ OpenAI</li>",
        "How do we know? DNS: the name was asked for, and the flow goes to the answer.",
        "How do we know? TLS SNI: server name in the TLS hello.",
        "Decided by hers (vendor OpenAI, user alice), for public data: A trial (Ada)",
        "all is about vendor OpenAI, which is wider than hers: vendor OpenAI, user alice",
        "Nobody has decided about it.",
        "<svg ",
        "7.0 MB",
        ">bob on web-2</a>",
        r#"href="/inventory?program=python3+%7E%2Fbot.py""#,
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<bash>") && !page.contains("style="), "{page}");
    for none in ["callers/999999", "callers/-1"] {
        assert_eq!(
            collector.get(none).await.status(),
            StatusCode::NOT_FOUND,
            "{none}"
        );
    }
    assert_eq!(collector.get("callers/x").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_host_is_told_with_its_agent_and_a_user_with_all_hosts() {
    let collector = Collector::start().await;
    let mut report = Spool::of("web-1").report(vec![call("alice", "claude"), call("bob", "bot")]);
    report.status.losses.insert("ring_buffer_full".to_owned(), 7);
    report.status.losses.insert("spool_full".to_owned(), 1_234);
    let agent = report.agent.id;
    collector.take(&report).await;
    collector
        .take(&Spool::of("web-2").report(vec![call("alice", "curl")]))
        .await;
    let page = collector.page(&format!("hosts/{agent}")).await;
    for part in [
        r#"web-1 <span class="badge ok">online</span>"#,
        "Its agent reports; last just now.",
        &format!("{agent}</dd>"),
        "<dt>1,234 spool full</dt><dd>Lost: the oldest records: the collector was away for too long. What to do: bring it back",
        "<dt>7 ring buffer full</dt><dd>Lost: what a newer agent tells of.",
        "<b>claude</b>",
        r#"<a href="/users/bob">bob</a>"#,
        r#"href="/inventory?host=web-1""#,
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<b>curl</b>"), "{page}");
    let unknown = "hosts/00000000-0000-4000-8000-000000000000";
    assert_eq!(collector.get(unknown).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        collector.get("hosts/web-1").await.status(),
        StatusCode::BAD_REQUEST
    );

    let page = collector.page("users/alice").await;
    for part in [
        "<h1>alice</h1>",
        "<b>claude</b>",
        "<b>curl</b>",
        ">web-1</a>",
        ">web-2</a>",
        "OpenAI",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<b>bot</b>"), "{page}");
    assert_eq!(
        collector.get("users/mallory").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn who_sees_some_hosts_finds_no_page_of_others() {
    let (collector, _agents) = fleet().await;
    let http = seeing(&collector, &["team=web"]).await;
    let all = json(&collector, "v1/inventory").await;
    for row in all["rows"].as_array().expect("rows") {
        let host = row["host"].as_str().expect("a host");
        let expected = if host.starts_with("web-") {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        let (caller, agent) = (&row["caller"], row["agent"].as_str().expect("an agent"));
        for path in [format!("callers/{caller}"), format!("hosts/{agent}")] {
            let answer = http
                .get(format!("{}{path}", collector.url))
                .send()
                .await
                .expect("an answer");
            assert_eq!(answer.status(), expected, "{path} of {host}");
            let page = answer.text().await.expect("HTML");
            assert!(!page.contains("db-1"), "{page}");
        }
    }
}
