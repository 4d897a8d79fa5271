use reqwest::StatusCode;
use reqwest::header::{ETAG, HOST, IF_NONE_MATCH};
use umbra_report::{Origin, OriginKind};

use crate::made_up::{Spool, ago, call};
use crate::running::Collector;

#[tokio::test]
async fn an_empty_page_says_what_to_do_next() {
    let collector = Collector::start().await;
    let html = collector.page("inventory").await;
    assert!(html.contains("No AI call has been seen yet"));
    let address = collector.url.trim_end_matches('/');
    assert!(
        html.contains(&format!("umbra-agent run --collector {address}")),
        "{html}"
    );
    assert!(html.contains("curl -sS https://api.openai.com/v1/models"));
    collector.take(&Spool::of("web-1").report(vec![])).await;
    assert!(
        collector
            .get("inventory")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("1 host reported")
    );
}

#[tokio::test]
async fn a_row_shows_everything_and_adds_up() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let mut second = call("alice", "claude");
    second.bytes_out = 2_000_000;
    second.origin = Some(Origin {
        kind: OriginKind::Ssh,
        peer: "192.0.2.9".parse().ok(),
        ..Origin::default()
    });
    collector
        .take(&spool.report(vec![call("alice", "claude"), second]))
        .await;
    let html = collector.page("inventory").await;
    for part in [
        "<a href=\"/vendors/OpenAI\" id=",
        "-v\"><b>OpenAI</b></a>",
        "<small>API</small>",
        "api.<wbr>openai.<wbr>com",
        ">claude</a>",
        r#"class="clip two small">/<wbr>home/<wbr>alice/<wbr>bin/<wbr>claude</span>"#,
        "<dd>1 <small>new or prohibited</small></dd>",
        ">alice</a>",
        r#"-origin" tabindex="0" title="ssh from 192.0.2.9">ssh from 192.0.2.9</span>"#,
        "web-1",
        r#"<data value="2000100" title="2,000,100 bytes">2.0 MB</data>"#,
        "UTC</span></time>",
        "TLS SNI",
        ">new, unreviewed</a>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[tokio::test]
async fn hostile_names_are_only_text() {
    const HOSTILE: &str = r#"<img src=x onerror=alert(1)>"'&</td><script>alert(2)</script>"#;
    let collector = Collector::start().await;
    let mut spool = Spool::of(HOSTILE);
    let mut hostile = call(HOSTILE, HOSTILE);
    hostile.caller.unit = Some(HOSTILE.to_owned());
    hostile.origin = Some(Origin {
        kind: OriginKind::Cron,
        name: Some(HOSTILE.to_owned()),
        ancestors: vec![HOSTILE.to_owned()],
        ..Origin::default()
    });
    hostile.caller.program.script = Some(HOSTILE.to_owned());
    hostile.vendor = HOSTILE.to_owned();
    hostile.service = HOSTILE.to_owned();
    hostile.name = HOSTILE.to_owned();
    collector.take(&spool.report(vec![hostile])).await;
    let query = "inventory?q=%3Cimg%20src%3Dx%22%3E%3Cscript%3E";
    for path in [
        "inventory",
        "inventory/rows",
        query,
        "inventory?after=%3Cscript%3E",
        "findings?state=all",
        "findings/1",
        "findings?host=%3Cscript%3E",
    ] {
        let answer = collector.get(path).await;
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .expect("text")
            .to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let html = answer.text().await.expect("HTML");
        assert!(
            !html.contains("<img src=x") && !html.contains("<script>"),
            "{html}"
        );
        assert!(!html.contains("\"'&<"), "{html}");
    }
}

#[tokio::test]
async fn the_page_is_bounded_and_pages_follow_each_other() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    let calls = (0..120).map(|number| {
        let mut observation = call("alice", &format!("tool-{number:03}"));
        observation.first_seen = ago(1000 + number / 50);
        observation
    });
    collector.take(&spool.report(calls.collect())).await;
    let mut seen = Vec::new();
    let mut path = "inventory".to_owned();
    for rows in [30, 30, 30, 30] {
        let html = collector.get(&path).await.text().await.expect("HTML");
        assert!(html.len() < 100 << 10, "{} bytes", html.len());
        let tools = html
            .match_indices("-program\">tool-")
            .map(|(at, _)| html[at + 10..at + 18].to_owned());
        let before = seen.len();
        seen.extend(tools);
        assert_eq!(seen.len() - before, rows);
        let next = html
            .split("rel=\"next\" href=\"/")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        assert_eq!(next.is_some(), seen.len() < 120);
        next.unwrap_or_default().clone_into(&mut path);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120, "each row is on one page");
}

#[tokio::test]
async fn the_search_finds_by_user_and_by_nothing_else_it_seems() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![call("alice", "claude"), call("bob", "claude")]))
        .await;
    let html = collector
        .get("inventory?q=ALIC")
        .await
        .text()
        .await
        .expect("HTML");
    assert!(html.contains(">alice<") && !html.contains(">bob<"), "{html}");
    assert!(html.contains("value=\"ALIC\""));
    assert!(
        collector
            .get("inventory?q=%25")
            .await
            .text()
            .await
            .expect("HTML")
            .contains("Nothing here")
    );
}

#[tokio::test]
async fn the_part_that_changes_is_sent_only_when_it_did() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("alice", "claude")])).await;
    let tag = collector.get("inventory/rows").await.headers()[ETAG].clone();
    let again = || {
        collector
            .http
            .get(format!("{}inventory/rows", collector.url))
            .header(IF_NONE_MATCH, &tag)
            .send()
    };
    assert_eq!(
        again().await.expect("an answer").status(),
        StatusCode::NOT_MODIFIED
    );
    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    assert_eq!(again().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn only_its_own_names_are_answered() {
    let collector = Collector::start_with(|settings| {
        settings.page = Some("https://umbra.example/".parse().expect("a URL"));
        settings.hosts = vec!["umbra-2.example".to_owned()];
    })
    .await;
    let status = async |host: &str, path: &str| {
        let request = collector
            .http
            .get(format!("{}{path}", collector.url))
            .header(HOST, host);
        request.send().await.expect("an answer").status()
    };
    for host in [
        "127.0.0.1:1",
        "localhost",
        "LOCALHOST.:8600",
        "[::1]:8600",
        "umbra.example",
        "umbra-2.example:443",
    ] {
        assert_eq!(status(host, "").await, StatusCode::OK, "{host}");
    }
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8600",
        "umbra.example.evil",
    ] {
        for path in ["", "v1/inventory", "metrics"] {
            assert_eq!(
                status(host, path).await,
                StatusCode::MISDIRECTED_REQUEST,
                "{host}/{path}"
            );
        }
    }
    // An agent keeps its records until the name is allowed.
    let report = collector
        .http
        .post(format!("{}v1/reports", collector.url))
        .header(HOST, "evil.example");
    let answer = report
        .json(&Spool::of("web-1").report(vec![call("alice", "curl")]))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(
        answer
            .text()
            .await
            .expect("a body")
            .contains("hosts under [page]")
    );
    assert!(collector.rows().await.is_empty());
}

#[tokio::test]
async fn health_and_assets_answer() {
    let collector = Collector::start().await;
    for path in [
        "healthz",
        "metrics",
        "assets/page.css",
        "assets/page.js",
        "assets/icon.svg",
    ] {
        assert_eq!(collector.get(path).await.status(), StatusCode::OK, "{path}");
    }
    assert!(
        collector
            .get("metrics")
            .await
            .text()
            .await
            .expect("text")
            .ends_with("# EOF\n")
    );
}
