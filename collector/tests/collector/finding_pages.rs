//! Findings as people work through them in a browser.

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use umbra_collector::access::Role;

use crate::browser::{Browser, PASSWORD, account};
use crate::made_up::{Spool, call};
use crate::running::Collector;

pub(crate) async fn logged_in(collector: &Collector, name: &str, role: Role) -> Browser {
    account(collector, name, role).await;
    let mut browser = Browser::at(collector);
    assert_eq!(
        browser.log_in(name, PASSWORD).await.status(),
        StatusCode::SEE_OTHER
    );
    browser
}

pub(crate) async fn html(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.expect("HTML")
}

/// Two findings: `claude` on web-1 and web-2, `bot` on web-2.
async fn two_findings() -> Collector {
    let collector = Collector::start().await;
    let (mut one, mut two) = (Spool::of("web-1"), Spool::of("web-2"));
    collector.take(&one.report(vec![call("alice", "claude")])).await;
    collector
        .take(&two.report(vec![call("bob", "claude"), call("bob", "bot")]))
        .await;
    collector
}

#[tokio::test]
async fn a_finding_is_resolved_with_a_reason_and_leaves_the_list() {
    let collector = two_findings().await;
    let mut eve = logged_in(&collector, "eve", Role::Analyst).await;
    let list = html(&eve, "findings").await;
    assert!(
        list.contains("claude uses OpenAI") && list.contains("bot uses OpenAI"),
        "{list}"
    );
    assert!(
        list.contains(r#"<a href="/findings" aria-current="page">"#),
        "{list}"
    );
    let page = html(&eve, "findings/1").await;
    for part in [
        "alice on web-1 asked for api.openai.com",
        "Nobody has looked at it yet",
        "server name in the TLS hello",
        "<dt>Sent</dt><dd>100 B</dd>",
        r#"href="/inventory?finding=1""#,
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }

    let csrf = eve.csrf().await;
    let path = "findings/1/state";
    let field = |state, reason, until| {
        [
            ("csrf", csrf.as_str()),
            ("state", state),
            ("reason", reason),
            ("until", until),
        ]
    };
    // What was typed stays, and nothing was done.
    for (state, reason, until, why) in [
        ("resolved", "", "", "Say why: give a reason."),
        ("snoozed", "Kept <here>", "", "Say until when it is snoozed"),
        ("snoozed", "Kept <here>", "soon", "not one such as 2026-12-31"),
        (
            "snoozed",
            "Kept <here>",
            "1999-01-01",
            "Say until when it is snoozed",
        ),
    ] {
        let answer = eve.send(path, &field(state, reason, until)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let page = answer.text().await.expect("HTML");
        assert!(
            page.contains(why) && page.contains(&format!("value=\"{state}\" selected")),
            "{page}"
        );
        assert!(
            reason.is_empty() || page.contains("Kept &#60;here&#62;</textarea>"),
            "{page}"
        );
    }
    assert!(
        html(&eve, "findings/1")
            .await
            .contains("Nobody has looked at it yet")
    );

    let answer = eve.send(path, &field("resolved", "Known since\r\nMay", "")).await;
    assert_eq!(
        (answer.status(), &answer.headers()[LOCATION]),
        (StatusCode::SEE_OTHER, &"/findings/1".parse().expect("a header"))
    );
    let page = html(&eve, "findings/1").await;
    assert!(
        page.contains("State: resolved") && page.contains("By eve, ") && page.contains("Known since\nMay"),
        "{page}"
    );
    assert!(!html(&eve, "findings").await.contains("claude uses OpenAI"));
    assert!(
        html(&eve, "findings?state=resolved")
            .await
            .contains("claude uses OpenAI")
    );

    let far = jiff::Timestamp::now().as_millisecond() + 9 * 24 * 3_600_000;
    let day = jiff::Timestamp::from_millisecond(far)
        .expect("a time")
        .strftime("%Y-%m-%d")
        .to_string();
    eve.send("findings/2/state", &field("snoozed", "Later", &day))
        .await;
    let page = html(&eve, "findings/2").await;
    assert!(page.contains(&format!("{day} 00:00:00 UTC")), "{page}");
    assert!(html(&eve, "findings").await.contains("Nothing is open"));
}

#[tokio::test]
async fn many_findings_are_put_into_a_state_or_none_is() {
    let collector = two_findings().await;
    let mut eve = logged_in(&collector, "eve", Role::Analyst).await;
    let list = html(&eve, "findings").await;
    assert!(list.contains("name=\"finding\" value=\"2\""), "{list}");
    let csrf = eve.csrf().await;
    let fields = |findings: &[&'static str], reason| {
        let mut fields = vec![("csrf", csrf.as_str()), ("state", "resolved"), ("reason", reason)];
        fields.extend(findings.iter().map(|finding| ("finding", *finding)));
        fields
    };
    for (findings, reason, status, why) in [
        (
            &["1", "2"][..],
            "",
            StatusCode::BAD_REQUEST,
            "Say why: give a reason.",
        ),
        (&[], "Kept <here>", StatusCode::BAD_REQUEST, "Choose a finding."),
        (
            &["1", "2", "99"],
            "Kept <here>",
            StatusCode::NOT_FOUND,
            "There is no finding 99",
        ),
    ] {
        let answer = eve
            .send("findings/state?state=open", &fields(findings, reason))
            .await;
        assert_eq!(answer.status(), status, "{why}");
        let page = answer.text().await.expect("HTML");
        assert!(
            page.contains(why) && page.contains("value=\"resolved\" selected"),
            "{page}"
        );
        assert_eq!(page.matches(" checked>").count(), findings.len().min(2), "{page}");
        assert!(
            reason.is_empty() || page.contains("Kept &#60;here&#62;</textarea>"),
            "{page}"
        );
    }
    assert!(
        html(&eve, "findings").await.contains("claude uses OpenAI"),
        "nothing was done"
    );
    let answer = eve
        .send("findings/state?state=open", &fields(&["1", "2"], "Known"))
        .await;
    assert_eq!(
        (answer.status(), &answer.headers()[LOCATION]),
        (
            StatusCode::SEE_OTHER,
            &"/findings?state=open".parse().expect("a header")
        )
    );
    assert!(html(&eve, "findings").await.contains("Nothing is open"));
    for path in ["findings/1", "findings/2"] {
        assert!(
            html(&eve, path).await.contains("<q class=\"reason\">Known</q>"),
            "{path}"
        );
    }
    let vera = logged_in(&collector, "vera", Role::Viewer).await;
    assert!(
        !html(&vera, "findings?state=all")
            .await
            .contains("name=\"finding\"")
    );
}

#[tokio::test]
async fn a_list_is_of_what_its_address_says_and_goes_on() {
    let collector = two_findings().await;
    let mut spool = Spool::of("web-3");
    let calls = (0..60).map(|number| call("carol", &format!("tool-{number}")));
    collector.take(&spool.report(calls.collect())).await;
    let vera = logged_in(&collector, "vera", Role::Viewer).await;
    for (query, shown, hidden) in [
        ("?host=web-1", "claude uses", "bot uses"),
        ("?host=web-2&kind=new_caller&severity=", "bot uses", "tool-1 "),
        ("?severity=high", "No finding is like this", "claude uses"),
        (
            "?kind=gateway_bypass&state=all",
            "No finding is like this",
            "claude uses",
        ),
    ] {
        let list = html(&vera, &format!("findings{query}")).await;
        assert!(list.contains(shown) && !list.contains(hidden), "{query}: {list}");
    }
    let first = html(&vera, "findings?severity=medium").await;
    assert_eq!(
        first.matches("<tr role=\"row\">").count(),
        51,
        "50 findings and the head"
    );
    let next = first
        .split("rel=\"next\" href=\"/")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let next = next.expect("more").replace("&#38;", "&");
    assert!(next.contains("state=open&severity=medium&before="), "{next}");
    let rest = html(&vera, &next).await;
    assert_eq!(
        rest.matches("<tr role=\"row\">").count(),
        13,
        "12 findings and the head"
    );
    assert!(first.len() < 100 << 10, "{} bytes", first.len());
    // Who may not decide sees, and has no form.
    let page = html(&vera, "findings/1").await;
    assert!(
        page.contains("that takes the role analyst") && !page.contains("<textarea"),
        "{page}"
    );
}

#[tokio::test]
async fn what_cannot_be_had_is_said_on_a_page() {
    let collector = two_findings().await;
    let vera = logged_in(&collector, "vera", Role::Viewer).await;
    for (method, path, status, title, sentence) in [
        (
            "GET",
            "findings/99",
            404,
            "There is nothing here",
            "There is no finding 99.",
        ),
        (
            "GET",
            "findings?state=odd",
            400,
            "This cannot be done",
            "There is no such state; there are all, open",
        ),
        (
            "GET",
            "nowhere",
            404,
            "There is nothing here",
            "There is nothing at /nowhere.",
        ),
        (
            "POST",
            "findings/1/state",
            403,
            "This is not for you",
            "This takes findings:write: ask an admin",
        ),
    ] {
        let answer = vera
            .request(method, path)
            .header(ACCEPT, "text/html")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(answer.headers().contains_key("content-security-policy"), "{path}");
        let page = answer.text().await.expect("HTML");
        assert!(page.contains(title) && page.contains(sentence), "{path}: {page}");
        assert!(page.contains(">vera</a>"), "{path}: {page}");
        let bare = r#"<a href="/findings">This page from its beginning</a>"#;
        assert_eq!(page.contains(bare), status == 400, "{path}: {page}");
    }
    // Programs get what they got.
    let answer = vera.get("findings/99").await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    // Who is not logged in comes back to where they wanted to go, and nowhere else.
    let mut nobody = Browser::at(&collector);
    let answer = nobody.get("findings?state=all&host=a%26b").await;
    assert_eq!(
        answer.headers()[LOCATION],
        "/login?next=%2Ffindings%3Fstate%3Dall%26host%3Da%2526b"
    );
    for (next, to) in [
        ("/findings?state=all", "/findings?state=all"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
    ] {
        let fields = [("name", "vera"), ("password", PASSWORD), ("next", next)];
        let answer = nobody.send("login", &fields).await;
        assert_eq!(
            (answer.status(), &answer.headers()[LOCATION]),
            (StatusCode::SEE_OTHER, &to.parse().expect("a header")),
            "{next}"
        );
    }
    // An alert's link leads to its finding.
    let answer = vera.get("?finding=2").await;
    assert_eq!(answer.headers()[LOCATION], "/findings/2");
}
