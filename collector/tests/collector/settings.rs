//! Settings as an admin works with them in a browser.

#[path = "settings/people.rs"]
mod people;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use serde_json::Value;
use umbra_collector::access::Role;
use umbra_collector::alerts::Receiver as To;
use umbra_collector::labels::Label;
use umbra_collector::store::Revision;
use umbra_report::{Settings, Token};

use crate::browser::{Browser, PASSWORD, account, by};
use crate::enrolment::host::{Agent, start, start_with};
use crate::receiver::{Receiver, url};
use crate::routes::{http, route};
use crate::running::Collector;
use crate::writes::person;

async fn html(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let html = answer.text().await.expect("HTML");
    assert!(html.len() < 100 << 10, "{path} has {} bytes", html.len());
    html
}

/// Sends a form; gives the status, where it leads to and the page.
async fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
    let csrf = browser.csrf().await;
    let fields = [&[("csrf", csrf.as_str())], fields].concat();
    let answer = browser.send(path, &fields).await;
    let to = answer.headers().get(LOCATION);
    let to = to.map_or("", |to| to.to_str().expect("text")).to_owned();
    (answer.status(), to, answer.text().await.expect("HTML"))
}

fn has(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

/// The newest entry of the audit log: who, what, to whom, and more about it.
async fn logged(collector: &Collector) -> [String; 4] {
    let log: Value = collector
        .get("v1/audit?limit=1")
        .await
        .json()
        .await
        .expect("JSON");
    let entry = &log["entries"][0];
    ["actor", "action", "subject", "detail"].map(|key| entry[key].as_str().expect("text").to_owned())
}

#[tokio::test]
async fn a_token_is_made_on_the_page_with_what_to_run_and_lets_a_host_in() {
    let collector = start_with(|agents| {
        agents.names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "umbra.example".to_owned(),
        ];
    })
    .await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let port = collector.agents().rsplit(':').next().expect("a port").to_owned();
    let address = format!("https://umbra.example:{}", port.trim_end_matches('/'));
    let page = html(&root, "settings").await;
    has(
        &page,
        &[
            "There is no token",
            &address,
            r#"<a href="/settings" aria-current="page">Settings</a>"#,
            r#"<a href="/settings" aria-current="page">Enrolment</a>"#,
        ],
    );

    let field = |uses, labels| {
        [
            ("label", "web <servers>"),
            ("uses", uses),
            ("hours", "168"),
            ("labels", labels),
        ]
    };
    // What was typed stays, and nothing was made.
    for (uses, labels, why) in [
        ("0", "team=web", "Uses must be from 1 to 1000000."),
        ("many", "team=web", "Uses must be a whole number."),
        ("2", "team", "Write a label as KEY=VALUE"),
    ] {
        let (status, _, page) = post(&mut root, "settings", &field(uses, labels)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        has(
            &page,
            &[
                why,
                r#"value="web &#60;servers&#62;""#,
                &format!(r#"value="{uses}""#),
                &format!(r#"value="{labels}""#),
                r#"<option value="168" selected>"#,
                "There is no token",
            ],
        );
    }
    let (status, _, page) = post(&mut root, "settings", &field("2", "team=web, env=prod")).await;
    assert_eq!(status, StatusCode::OK);
    let token: Token = between(&page, r#"id="token" tabindex="0" aria-describedby="alone">"#, "<")
        .parse()
        .expect("a token");
    let command = between(
        &page,
        r#"id="command" tabindex="0" aria-describedby="how">"#,
        "</pre>",
    );
    let command = command
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#62;", ">");
    has(
        &command.replace("&#60;", "<").replace("&#38;", "&"),
        &[
            &format!("(umask 077 && echo '{token}' > /etc/umbra/token)"),
            &format!("[report]\ncollector = \"{address}\"\n[enrolment]\ntoken_file = \"/etc/umbra/token\"\n"),
            "umbra-agent check && systemctl enable --now umbra-agent",
        ],
    );
    let page = html(&root, "settings").await;
    assert!(!page.contains(&token.secret), "it is shown once");
    has(&page, &["env=prod,team=web", "web &#60;servers&#62;", ">good<"]);
    let [actor, action, subject, _] = logged(&collector).await;
    assert_eq!(
        [actor, action, subject],
        ["root", "token_created", token.id.as_str()]
    );

    let path = format!("settings/enrolment-tokens/{}/revoke", token.id);
    let (status, to, _) = post(&mut root, &path, &[]).await;
    assert_eq!(
        (status, to.as_str()),
        (StatusCode::SEE_OTHER, "/settings?done=revoked")
    );
    has(&html(&root, &to).await, &["The token is revoked", ">revoked<"]);
    let (status, ..) = post(&mut root, "settings/enrolment-tokens/0/revoke", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // An address that nobody else could mean is the one that there is.
    let collector = start().await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let (_, _, page) = post(&mut root, "settings", &field("1", "")).await;
    let token = between(&page, r#"aria-describedby="alone">"#, "<");
    has(&page, &[collector.agents().trim_end_matches('/')]);
    let token: Token = token.parse().expect("a token");
    Agent::enrolled(&collector, "web-1", &token).await;
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} is not in {text}"));
    rest.split_once(after).expect(after).0
}

#[tokio::test]
async fn without_an_address_for_agents_the_page_says_what_is_missing() {
    let collector = Collector::start().await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let missing = "it has no address for them";
    has(&html(&root, "settings").await, &[missing, "--agents ADDR"]);
    let fields = [("label", ""), ("uses", "1"), ("hours", "1"), ("labels", "")];
    let (status, _, page) = post(&mut root, "settings", &fields).await;
    assert_eq!(status, StatusCode::OK);
    has(&page, &[missing, "umbra1_"]);
    assert!(!page.contains("id=\"command\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_tried_and_says_what_came_back() {
    let receiver = Receiver::anywhere(&[(200, None), (404, None)]).await;
    let gone = Receiver::anywhere(&[]).await.address;
    let collector = Collector::start_with(|settings| {
        settings.routes = vec![
            route("chat", To::Slack(http(receiver.url()))),
            route("gone", To::Slack(http(url(gone)))),
        ];
    })
    .await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let page = html(&root, "settings/routes").await;
    has(
        &page,
        &["<b>chat</b><small>slack</small>", ">nothing sent yet<", "never"],
    );
    assert!(!page.contains("/hook"), "the path of a URL is a secret: {page}");
    let (status, _, page) = post(&mut root, "settings/routes", &[("route", "chat")]).await;
    assert_eq!(status, StatusCode::OK);
    has(&page, &[r#"role="status""#, "chat took the test.", "200 OK"]);
    assert_eq!(logged(&collector).await[..3], ["root", "route_tested", "chat"]);
    let (_, _, page) = post(&mut root, "settings/routes", &[("route", "chat")]).await;
    has(&page, &[r#"role="alert""#, "chat refused the test."]);
    let (_, _, page) = post(&mut root, "settings/routes", &[("route", "gone")]).await;
    has(&page, &["gone did not take the test.", "Connection refused"]);
    let (status, ..) = post(&mut root, "settings/routes", &[("route", "soc")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let none = Collector::start().await;
    let root = person(&none, "root", Role::Admin).await;
    has(
        &html(&root, "settings/routes").await,
        &["Nobody is told of findings"],
    );
}

#[tokio::test]
async fn the_catalogue_and_what_agents_run_are_told() {
    let collector = Collector::start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let page = html(&root, "settings/catalogue").await;
    has(
        &page,
        &["None is given", env!("CARGO_PKG_VERSION"), "<dt>Vendors</dt>"],
    );
    let store = collector.store().await;
    for (comment, catalogue, to) in [
        ("the <first> ring", None, Some("ring=first")),
        (
            "our gateways",
            Some("[[vendor]]\nname = \"Own\"\n".to_owned()),
            None,
        ),
        ("back", None, Some("ring=first")),
    ] {
        let revision = Revision {
            id: 0,
            published: jiff::Timestamp::now(),
            comment: comment.to_owned(),
            settings: Settings {
                interval_seconds: Some(15),
                poll_seconds: None,
            },
            catalogue,
        };
        let to: Option<Label> = to.map(|to| to.parse().expect("a label"));
        let published = store.publish(&revision, to.as_ref(), &by()).await;
        published.expect("the store");
    }
    store.close().await;
    let page = html(&root, "settings/catalogue").await;
    has(
        &page,
        &[
            "ring=first",
            "all hosts",
            "report every 15 s, have a catalogue over the built-in one",
            "our gateways",
            "back",
        ],
    );
    // One for all ends those for labels.
    assert!(!page.contains("the &#60;first&#62; ring"), "{page}");
    assert!(page.find("back") < page.find("our gateways"), "the newest first");
}

#[tokio::test]
async fn who_may_not_sees_no_link_and_is_told_on_a_page() {
    let collector = Collector::start().await;
    account(&collector, "eve", Role::Approver).await;
    let mut eve = Browser::at(&collector);
    eve.log_in("eve", PASSWORD).await;
    let page = html(&eve, "audit").await;
    assert!(!page.contains("/settings"), "{page}");
    let refused = eve
        .request("GET", "settings/people")
        .header(ACCEPT, "text/html")
        .send()
        .await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    has(
        &refused.text().await.expect("HTML"),
        &["This is not for you", "This takes admin"],
    );
    // Nobody at all is led to the log-in, and back.
    let nobody = Browser::at(&collector).get("settings/people").await;
    assert_eq!(nobody.status(), StatusCode::SEE_OTHER);
    assert_eq!(nobody.headers()[LOCATION], "/login?next=%2Fsettings%2Fpeople");
    // A form that another site made does nothing.
    let mut root = person(&collector, "root", Role::Admin).await;
    let fields = [("label", ""), ("uses", "1"), ("hours", "1"), ("labels", "")];
    assert_eq!(
        root.send("settings", &fields).await.status(),
        StatusCode::FORBIDDEN
    );
    has(&html(&root, "settings").await, &["There is no token"]);
}
