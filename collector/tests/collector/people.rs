//! How people come in: the first account, log-ins, sessions, and what ends them.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use serde_json::Value;
use umbra_collector::access::{Role, Scope};
use umbra_collector::store::{AccountChange, NewAccount};

use crate::browser::{Browser, PASSWORD, account, by, form};
use crate::running::Collector;

async fn change(collector: &Collector, name: &str, change: AccountChange) {
    let store = collector.store().await;
    let done = store.change_account(name, &change, &by()).await;
    done.expect("the store").expect("an account");
    store.close().await;
}

/// The audit log, the newest first: who did what, and more about it.
async fn log(collector: &Collector) -> Vec<(String, String, String)> {
    let audit: Value = collector.get("v1/audit").await.json().await.expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let entries = audit["entries"].as_array().expect("entries").iter();
    entries
        .map(|entry| {
            (
                text(&entry["actor"]),
                text(&entry["action"]),
                text(&entry["detail"]),
            )
        })
        .collect()
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> &str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn the_first_account_is_made_by_the_link_and_once() {
    let collector = Collector::start().await;
    let link = collector.set_up().expect("a link");
    let path = &link[link.find("setup?token=").expect("a link")..];
    let token = path.rsplit('=').next().expect("a token");
    let mut browser = Browser::at(&collector);
    // The page leads to the log-in, which says that there is nobody yet.
    let page = browser.get("").await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert!(text(page.headers(), LOCATION).starts_with("/login"));
    let said = browser.get("login").await.text().await.expect("HTML");
    assert!(said.contains("There is no account yet"), "{said}");

    let asked = browser.get(path).await;
    assert_eq!(asked.status(), StatusCode::OK);
    let wrong = [
        ("token", "0".repeat(64)),
        ("name", "eve".into()),
        ("password", PASSWORD.into()),
        ("again", PASSWORD.into()),
    ];
    let wrong: Vec<_> = wrong.iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert_eq!(
        browser.send("setup", &wrong).await.status(),
        StatusCode::FORBIDDEN
    );
    for (password, again, why) in [
        ("too short", "too short", "at least 15 characters"),
        (
            "eve eve eve eve eve",
            "eve eve eve eve eve",
            "first that would be tried",
        ),
        (PASSWORD, "quiet rivers run dry", "not the same"),
    ] {
        let fields = [
            ("token", token),
            ("name", "Eve"),
            ("password", password),
            ("again", again),
        ];
        let answer = browser.send("setup", &fields).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let html = answer.text().await.expect("HTML");
        assert!(html.contains(why) && !html.contains(PASSWORD), "{html}");
    }
    let fields = [
        ("token", token),
        ("name", "Eve"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    let made = browser.send("setup", &fields).await;
    assert_eq!(
        (made.status(), text(made.headers(), LOCATION)),
        (StatusCode::SEE_OTHER, "/")
    );
    let page = browser.get("inventory").await.text().await.expect("HTML");
    assert!(page.contains(">eve</a>") && page.contains("Log out"), "{page}");

    let mut other = Browser::at(&collector);
    assert_eq!(other.send("setup", &fields).await.status(), StatusCode::FORBIDDEN);
    let gone = other.get(path).await.text().await.expect("HTML");
    assert!(gone.contains("This link is not good"), "{gone}");
    let log = log(&collector).await;
    let told: Vec<_> = log
        .iter()
        .map(|(actor, action, _)| (actor.as_str(), action.as_str()))
        .collect();
    assert_eq!(
        told[..2],
        [("eve", "logged_in"), ("set-up link", "account_created")]
    );

    // A start with an account gives no link, and a session outlasts it.
    let collector = collector.restart().await;
    assert_eq!(collector.set_up(), None);
    browser.url.clone_from(&collector.url);
    assert_eq!(browser.get("inventory").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn of_two_who_set_up_at_once_one_comes_too_late() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let now = jiff::Timestamp::now();
    let other = store
        .offer_set_up(now)
        .await
        .expect("the store")
        .expect("a second link");
    let first = collector.set_up().expect("a link");
    let first = first.rsplit('=').next().expect("a token");
    let scope = Scope::default();
    let new = |name| NewAccount {
        name,
        password: "-",
        role: Role::Admin,
        scope: &scope,
    };
    let (one, two) = (new("ada"), new("eve"));
    let (one, two) = tokio::join!(store.set_up(first, &one, now), store.set_up(&other, &two, now));
    let good = [one, two].map(|done| done.expect("the store").is_ok());
    assert_eq!(good.iter().filter(|good| **good).count(), 1);
    assert_eq!(store.accounts().await.expect("the store").len(), 1);
    store.close().await;
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_get_the_same_answer() {
    let collector = Collector::start().await;
    account(&collector, "eve", Role::Viewer).await;
    let mut browser = Browser::at(&collector);
    let mut said = Vec::new();
    for name in ["eve", "mallory"] {
        let answer = browser.log_in(name, "not the password of anybody").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(!answer.headers().contains_key(SET_COOKIE));
        said.push(answer.text().await.expect("HTML").replace(name, "NAME"));
    }
    assert_eq!(said[0], said[1]);
    // The name of nobody may be a password, and is not kept.
    let entries = log(&collector).await;
    let failed: Vec<_> = entries
        .iter()
        .filter(|entry| entry.1 == "log_in_failed")
        .collect();
    assert_eq!(
        failed.iter().map(|entry| entry.0.as_str()).collect::<Vec<_>>(),
        ["unknown", "eve"]
    );
    assert!(failed[0].2.contains("127.0.0.1"), "{failed:?}");
    assert!(!format!("{entries:?}").contains("mallory"));

    let answer = browser.log_in(" EVE ", PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(log(&collector).await[0].1, "logged_in");
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::OK);
    let csrf = browser.csrf().await;
    let out = browser.send("logout", &[("csrf", &csrf)]).await;
    assert_eq!(text(out.headers(), LOCATION), "/login");
    assert_eq!(log(&collector).await[0].1, "logged_out");
}

#[tokio::test]
async fn a_session_ends_by_logging_out_and_not_only_in_the_browser() {
    let collector = Collector::start().await;
    account(&collector, "eve", Role::Viewer).await;
    let mut browser = Browser::at(&collector);
    browser.log_in("eve", PASSWORD).await;
    let kept = browser.cookie.clone();
    let csrf = browser.csrf().await;
    browser.send("logout", &[("csrf", &csrf)]).await;
    browser.cookie = kept;
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        browser.get("inventory/rows").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(browser.get("").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_ten_log_ins_none_is_tried_not_even_after_a_restart() {
    let collector = Collector::start().await;
    account(&collector, "eve", Role::Viewer).await;
    account(&collector, "ada", Role::Viewer).await;
    let mut browser = Browser::at(&collector);
    for _ in 0..10 {
        let answer = browser.log_in("eve", "not the password of anybody").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let collector = collector.restart().await;
    browser.url.clone_from(&collector.url);
    let answer = browser.log_in("eve", PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = text(answer.headers(), RETRY_AFTER).parse().expect("seconds");
    assert!((800..=900).contains(&wait), "{wait}");
    assert!(
        answer
            .text()
            .await
            .expect("HTML")
            .contains("Try again in 15 minutes")
    );
    // Others come in.
    assert_eq!(
        browser.log_in("ada", PASSWORD).await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn what_an_admin_changes_holds_from_the_next_request_on() {
    let collector = Collector::start().await;
    account(&collector, "root", Role::Admin).await;
    account(&collector, "eve", Role::Admin).await;
    let mut browser = Browser::at(&collector);
    browser.log_in("eve", PASSWORD).await;
    let rights = async |browser: &Browser| -> Value {
        let me: Value = browser.get("v1/me").await.json().await.expect("JSON");
        me["rights"].clone()
    };
    assert!(rights(&browser).await.to_string().contains("admin"));
    change(
        &collector,
        "eve",
        AccountChange {
            role: Some(Role::Viewer),
            ..AccountChange::default()
        },
    )
    .await;
    assert_eq!(
        rights(&browser).await,
        serde_json::json!(["inventory:read", "audit:read", "metrics:read"])
    );
    change(
        &collector,
        "eve",
        AccountChange {
            disabled: Some(true),
            ..AccountChange::default()
        },
    )
    .await;
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        browser.log_in("eve", PASSWORD).await.status(),
        StatusCode::UNAUTHORIZED
    );
    // Open again, the old session stays ended.
    let kept = browser.cookie.clone();
    change(
        &collector,
        "eve",
        AccountChange {
            disabled: Some(false),
            ..AccountChange::default()
        },
    )
    .await;
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
    browser.log_in("eve", PASSWORD).await;
    assert_ne!(browser.cookie, kept);
    change(
        &collector,
        "eve",
        AccountChange {
            password: Some("-".to_owned()),
            ..AccountChange::default()
        },
    )
    .await;
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_site_makes_no_browser_write() {
    let collector = Collector::start().await;
    account(&collector, "eve", Role::Viewer).await;
    let mut browser = Browser::at(&collector);
    browser.log_in("eve", PASSWORD).await;
    let csrf = browser.csrf().await;
    let post = async |headers: &[(&str, &str)], csrf: &str| {
        let request = headers
            .iter()
            .fold(browser.request("POST", "logout"), |request, (name, value)| {
                request.header(*name, *value)
            });
        form(request, &[("csrf", csrf)])
            .send()
            .await
            .expect("an answer")
            .status()
    };
    let own = collector.url.trim_end_matches('/');
    let foreign: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        // Another port of this machine.
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", own), ("sec-fetch-site", "cross-site")],
    ];
    for headers in foreign {
        assert_eq!(post(headers, &csrf).await, StatusCode::FORBIDDEN, "{headers:?}");
    }
    for wrong in ["", "0", &"0".repeat(64)] {
        assert_eq!(
            post(&[("origin", own)], wrong).await,
            StatusCode::FORBIDDEN,
            "{wrong}"
        );
    }
    // Nor does it log anybody in.
    let request = browser
        .request("POST", "login")
        .header(ORIGIN, "https://evil.example");
    let answer = form(request, &[("name", "eve"), ("password", PASSWORD)])
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::FORBIDDEN);
    assert_eq!(post(&[("origin", own)], &csrf).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_it() {
    let collector = Collector::start_with(|settings| {
        settings.page = Some("https://umbra.example/".parse().expect("a URL"));
    })
    .await;
    account(&collector, "eve", Role::Viewer).await;
    let mut browser = Browser::at(&collector);
    let answer = browser.log_in("eve", PASSWORD).await;
    let cookie = text(answer.headers(), SET_COOKIE);
    assert!(
        cookie.starts_with("__Host-umbra=") && cookie.contains("; Path=/;"),
        "{cookie}"
    );
    assert!(cookie.contains("; Secure"), "{cookie}");
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::OK);
    // What somebody else may have set does not count.
    browser.cookie = browser.cookie.replace("__Host-", "");
    assert_eq!(browser.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_reverse_proxy_is_believed_who_asks_only_where_it_is_said_to() {
    for forwarded in [false, true] {
        let collector = Collector::start_with(|settings| settings.forwarded = forwarded).await;
        let browser = Browser::at(&collector);
        let request = browser
            .request("POST", "login")
            .header("x-forwarded-for", "192.0.2.1, 192.0.2.9");
        let answer = form(request, &[("name", "eve"), ("password", "whatever that may be")])
            .send()
            .await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::UNAUTHORIZED);
        let detail = &log(&collector).await[0].2;
        let address = if forwarded { "192.0.2.9" } else { "127.0.0.1" };
        assert_eq!(*detail, format!("{{\"address\":\"{address}\"}}"));
    }
}

#[tokio::test]
async fn metrics_are_open_where_that_is_said() {
    for open in [false, true] {
        let collector = Collector::start_with(|settings| settings.open_metrics = open).await;
        let status = Browser::at(&collector).get("metrics").await.status();
        let wanted = if open {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(status, wanted);
    }
}
