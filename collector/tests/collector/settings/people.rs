//! People and programs who may come in, as an admin says so in a browser.

use reqwest::StatusCode;
use serde_json::{Value, json};
use umbra_collector::access::Role;

use super::{between, has, html, logged, post};
use crate::browser::{Browser, PASSWORD};
use crate::running::{Collector, client_with};
use crate::writes::person;

#[tokio::test]
async fn an_account_is_made_and_may_log_in() {
    let collector = Collector::start().await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let field = |name, labels, password, again| {
        [
            ("name", name),
            ("role", "analyst"),
            ("labels", labels),
            ("password", password),
            ("again", again),
        ]
    };
    for (name, labels, again, status, why) in [
        ("Eve!", "", PASSWORD, StatusCode::BAD_REQUEST, "An account’s name"),
        ("eve", "team", PASSWORD, StatusCode::BAD_REQUEST, "KEY=VALUE"),
        (
            "eve",
            "team=web",
            "other",
            StatusCode::BAD_REQUEST,
            "not the same",
        ),
        (
            "root",
            "team=web",
            PASSWORD,
            StatusCode::CONFLICT,
            "There is an account of this name already",
        ),
    ] {
        let fields = field(name, labels, PASSWORD, again);
        let (answer, _, page) = post(&mut root, "settings/people", &fields).await;
        assert_eq!(answer, status, "{name}");
        let page = page.replace("&#39;", "’");
        has(
            &page,
            &[
                why,
                &format!(r#"value="{name}""#),
                &format!(r#"value="{labels}""#),
                r#"<option value="analyst" selected>"#,
            ],
        );
        assert!(!page.contains(PASSWORD), "a page gives no password back");
    }
    let fields = field("Eve", "team=web team=db", PASSWORD, PASSWORD);
    let (status, to, _) = post(&mut root, "settings/people", &fields).await;
    assert_eq!(
        (status, to.as_str()),
        (StatusCode::SEE_OTHER, "/settings/people?done=made")
    );
    has(
        &html(&root, &to).await,
        &[
            "The account is made",
            "team=db,team=web",
            r#"href="/settings/people/eve""#,
        ],
    );
    let mut eve = Browser::at(&collector);
    assert_eq!(eve.log_in("eve", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    has(
        &html(&root, "settings/people/eve").await,
        &[
            r#"value="team=db team=web""#,
            r#"<option value="analyst" selected>"#,
            r#"<option value="enabled" selected>"#,
        ],
    );
}

#[tokio::test]
async fn an_account_is_changed_and_shut_but_for_the_last_admin() {
    let collector = Collector::start().await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let eve = person(&collector, "eve", Role::Analyst).await;
    let path = "settings/people/eve";
    let change = |role, labels, state, password, again| {
        [
            ("role", role),
            ("labels", labels),
            ("state", state),
            ("password", password),
            ("again", again),
        ]
    };
    let wrong = change("approver", "team=web", "enabled", "short", "short");
    let (status, _, page) = post(&mut root, path, &wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    has(
        &page,
        &[
            "A password has at least 15 characters",
            r#"<option value="approver" selected>"#,
        ],
    );
    let right = change("approver", "team=web", "disabled", "", "");
    let (status, to, _) = post(&mut root, path, &right).await;
    assert_eq!(
        (status, to.as_str()),
        (StatusCode::SEE_OTHER, "/settings/people?done=changed")
    );
    has(&html(&root, &to).await, &["approver", ">disabled<", "team=web"]);
    let [actor, action, subject, detail] = logged(&collector).await;
    assert_eq!(
        [actor.as_str(), action.as_str(), subject.as_str()],
        ["root", "account_changed", "eve"]
    );
    assert!(
        detail.contains("approver") && detail.contains("\"disabled\":true"),
        "{detail}"
    );
    assert_eq!(eve.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
    // What is as it was is no change.
    post(&mut root, path, &right).await;
    assert_eq!(logged(&collector).await[3], detail);

    // The last admin stays, and the form says so.
    let own = change("viewer", "", "enabled", "", "");
    let (status, _, page) = post(&mut root, "settings/people/root", &own).await;
    assert_eq!(status, StatusCode::CONFLICT);
    has(
        &page,
        &[
            "This is the last admin",
            "This is your own account",
            r#"<option value="viewer" selected>"#,
        ],
    );
    assert_eq!(
        root.get("settings/people/mallory").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_token_of_the_api_is_made_on_the_page_and_taken_back() {
    let collector = Collector::start().await;
    let mut root = person(&collector, "root", Role::Admin).await;
    let path = "settings/api-tokens";
    let none = [("name", "ci"), ("days", "7"), ("labels", "team=web")];
    let (status, _, page) = post(&mut root, path, &none).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    has(
        &page,
        &[
            "Say what the token may do",
            r#"value="ci""#,
            r#"value="team=web""#,
            r#"<option value="7" selected>"#,
        ],
    );
    let both = [
        ("name", "ci"),
        ("days", "7"),
        ("labels", ""),
        ("scope", "inventory:read"),
        ("scope", "audit:read"),
    ];
    let (status, _, page) = post(&mut root, path, &both).await;
    assert_eq!(status, StatusCode::OK);
    let token = between(&page, r#"aria-describedby="how">"#, "<");
    let program = client_with(token);
    let me = async || {
        let url = format!("{}v1/me", collector.url);
        program.get(url).send().await.expect("an answer")
    };
    let said: Value = me().await.json().await.expect("JSON");
    assert_eq!(said["rights"], json!(["audit:read", "inventory:read"]));
    let page = html(&root, path).await;
    has(&page, &["<b>ci</b>", "audit:read, inventory:read"]);
    assert!(!page.contains(token), "it is shown once");
    let id = token.split('_').nth(1).expect("an id");
    let (_, to, _) = post(&mut root, &format!("{path}/{id}/revoke"), &[]).await;
    assert_eq!(to, "/settings/api-tokens?done=revoked");
    has(&html(&root, &to).await, &[">revoked<"]);
    assert_eq!(me().await.status(), StatusCode::UNAUTHORIZED);
}
