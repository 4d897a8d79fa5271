//! One's own password, changed in a browser.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use umbra_collector::access::Role;

use crate::browser::{Browser, PASSWORD};
use crate::finding_pages::{html, logged_in};
use crate::policy::json;
use crate::running::Collector;

const NEW: &str = "loud brooks run shallow";

#[tokio::test]
async fn ones_own_password_is_changed_with_the_old_one_and_other_sessions_end() {
    let collector = Collector::start().await;
    let mut vera = logged_in(&collector, "vera", Role::Viewer).await;
    let mut elsewhere = Browser::at(&collector);
    elsewhere.log_in("vera", PASSWORD).await;
    let page = html(&vera, "account").await;
    assert!(
        page.contains("inventory:read") && page.contains("<dt>Hosts</dt><dd>all</dd>"),
        "{page}"
    );
    assert!(html(&vera, "findings").await.contains("href=\"/account\""));
    let csrf = vera.csrf().await;
    let typed = |old, new, again| {
        [
            ("csrf", csrf.as_str()),
            ("old", old),
            ("new", new),
            ("again", again),
        ]
    };
    for (fields, why) in [
        (
            typed("not mine at all", NEW, NEW),
            "The old password does not fit.",
        ),
        (
            typed(PASSWORD, NEW, PASSWORD),
            "The two new passwords are not the same.",
        ),
        (typed(PASSWORD, "short", "short"), "15 characters"),
    ] {
        let answer = vera.send("account", &fields).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{why}");
        let page = answer.text().await.expect("HTML");
        assert!(
            page.contains(why) && page.contains("role=\"alert\""),
            "{why}: {page}"
        );
        assert!(
            !page.contains(NEW) && !page.contains(PASSWORD),
            "no password comes back: {page}"
        );
    }
    assert_eq!(elsewhere.get("account").await.status(), StatusCode::OK);

    let answer = vera.send("account", &typed(PASSWORD, NEW, NEW)).await;
    assert_eq!(
        (answer.status(), &answer.headers()[LOCATION]),
        (
            StatusCode::SEE_OTHER,
            &"/account?changed=yes".parse().expect("a header")
        )
    );
    assert!(
        html(&vera, "account?changed=yes")
            .await
            .contains("Your password is changed")
    );
    let answer = elsewhere.get("account").await;
    assert_eq!(answer.headers()[LOCATION], "/login?next=%2Faccount");
    for (password, status) in [(PASSWORD, StatusCode::UNAUTHORIZED), (NEW, StatusCode::SEE_OTHER)] {
        assert_eq!(elsewhere.log_in("vera", password).await.status(), status);
    }
    let log = json(&collector, "v1/audit").await;
    let entries = log["entries"].as_array().expect("entries");
    assert!(
        entries
            .iter()
            .any(|entry| entry["action"] == "account_changed" && entry["actor"] == "vera"),
        "{log}"
    );
}

#[tokio::test]
async fn whoever_finds_an_open_page_does_not_guess_for_ever() {
    let collector = Collector::start().await;
    let mut vera = logged_in(&collector, "vera", Role::Viewer).await;
    let csrf = vera.csrf().await;
    let guess = [
        ("csrf", csrf.as_str()),
        ("old", "a guess that is none"),
        ("new", NEW),
        ("again", NEW),
    ];
    let mut said = Vec::new();
    for _ in 0..11 {
        said.push(vera.send("account", &guess).await.status());
    }
    assert_eq!(said.last(), Some(&StatusCode::TOO_MANY_REQUESTS), "{said:?}");
    let page = html(&vera, "account").await;
    assert!(page.contains("Change your password"), "{page}");
}
