//! Every route with every role, by the table that people read: `docs/PEOPLE.md`. A route that is not in it fails.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use umbra_collector::access::{Right, Role, Scope};
use umbra_collector::store::{By, NewAccount, NewApiToken, Store};

use crate::browser::Browser;
use crate::running::Collector;

/// A row of the table.
#[derive(Debug)]
struct Row {
    method: String,
    path: String,
    /// The right, of routes that take one.
    right: Option<Right>,
    /// The first role that it is for; `None`: anybody may.
    least: Option<Role>,
    /// Whether it is for who sees some hosts.
    some: bool,
}

fn table() -> Vec<Row> {
    let page = include_str!("../../../docs/PEOPLE.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, route, takes, from, some, _] = cells[..] else {
            return None;
        };
        let (method, path) = route.strip_prefix('`')?.strip_suffix('`')?.split_once(' ')?;
        Some(Row {
            method: method.to_owned(),
            path: path.to_owned(),
            right: takes.trim_matches('`').parse().ok(),
            least: Role::of(from),
            some: some == "yes",
        })
    });
    rows.collect()
}

/// What the description says that routes take: nothing, somebody, or a right.
fn described(document: &Value) -> BTreeSet<(String, String, String)> {
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let security = &operation["security"];
            let takes = match security[0]["token"].as_array().map(Vec::as_slice) {
                None => {
                    assert_eq!(
                        *security,
                        serde_json::json!([{}]),
                        "{method} {path} says what it takes"
                    );
                    "nothing"
                }
                Some([]) => "somebody",
                Some(rights) => rights[0].as_str().expect("a right"),
            };
            if takes != "nothing" {
                assert_eq!(security[1]["session"], security[0]["token"], "{path}");
                assert!(
                    operation["responses"]["401"].is_object() && operation["responses"]["403"].is_object()
                );
            }
            routes.insert((method.to_uppercase(), path.clone(), takes.to_owned()));
        }
    }
    routes
}

fn by() -> By<'static> {
    By {
        actor: "tests",
        time: Timestamp::now(),
    }
}

/// A session of an account of this role.
async fn session(store: &Store, name: &str, role: Role, scope: &Scope) -> String {
    let new = NewAccount {
        name,
        password: "-",
        role,
        scope,
    };
    let made = store.create_account(&new, &by()).await.expect("the store");
    made.expect("an account");
    let secret = store.log_in(name, "127.0.0.1", Timestamp::now()).await;
    secret.expect("the store").expect("a session")
}

async fn token(store: &Store, rights: &[Right], scope: &Scope, life: Duration) -> String {
    let new = NewApiToken {
        name: "roles",
        rights,
        scope,
        life,
    };
    let made = store.create_api_token(&new, &by()).await.expect("the store");
    made.expect("a token").1
}

/// What becomes of a request that says nothing more than it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It reached the route.
    Let,
    /// Nobody was there.
    Unknown,
    /// Somebody was, whom it is not for.
    Forbidden,
}

async fn fate(request: RequestBuilder) -> Fate {
    let answer = request.send().await.expect("an answer");
    let location = answer
        .headers()
        .get("location")
        .map(|to| to.to_str().expect("text").to_owned());
    match answer.status() {
        StatusCode::UNAUTHORIZED => Fate::Unknown,
        StatusCode::SEE_OTHER if location.is_some_and(|to| to.starts_with("/login?next=")) => Fate::Unknown,
        StatusCode::FORBIDDEN => Fate::Forbidden,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::INTERNAL_SERVER_ERROR => panic!("{answer:?}"),
        _ => Fate::Let,
    }
}

/// A path with something in place of what varies.
fn filled(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

impl Row {
    fn by_session(&self, browser: &Browser, csrf: &str) -> RequestBuilder {
        let request = browser.request(&self.method, &filled(&self.path));
        if self.method == "GET" {
            request
        } else {
            request.header("x-csrf-token", csrf)
        }
    }

    fn writes(&self) -> bool {
        self.method != "GET"
    }
}

#[tokio::test]
async fn the_table_is_what_the_description_says() {
    let collector = Collector::start().await;
    let document: Value = collector.get("v1/openapi.json").await.json().await.expect("JSON");
    let told: BTreeSet<_> = table()
        .into_iter()
        .filter(|row| {
            (row.path.starts_with("/v1") && row.path != "/v1/openapi.json")
                || row.path == "/metrics"
                || row.path == "/healthz"
        })
        .map(|row| {
            let takes = match (row.right, row.least) {
                (Some(right), _) => right.as_str(),
                (None, Some(_)) => "somebody",
                (None, None) => "nothing",
            };
            (row.method, row.path, takes.to_owned())
        })
        .collect();
    assert_eq!(told, described(&document), "docs/PEOPLE.md has every route");
    for row in table() {
        let Some(right) = row.right else { continue };
        assert_eq!(row.least, Some(right.least()), "{row:?}");
        assert_eq!(row.some, right.is_about_hosts(), "{row:?}");
    }
}

#[tokio::test]
async fn every_route_is_for_the_roles_of_the_table_and_for_no_others() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let (all, some) = (
        Scope::default(),
        Scope::from_iter(["team=web".parse().expect("a label")]),
    );
    let nobody = Browser::at(&collector);
    for (number, row) in table().iter().enumerate() {
        let wanted = |may: bool| if may { Fate::Let } else { Fate::Forbidden };
        let unknown = if row.least.is_some() {
            Fate::Unknown
        } else {
            Fate::Let
        };
        // The form of the first account is refused by itself, for want of a link.
        if row.path != "/setup" && row.path != "/login" {
            assert_eq!(
                fate(row.by_session(&nobody, "")).await,
                unknown,
                "nobody, {row:?}"
            );
        }
        let Some(least) = row.least else { continue };
        for role in Role::ALL {
            for (scope, sees_all) in [(&all, true), (&some, false)] {
                // A session for each, as one route ends it.
                let name = format!("{role}-{number}-{sees_all}");
                let browser = Browser::with(&collector, &session(&store, &name, role, scope).await);
                let csrf = browser.csrf().await;
                let may = role >= least && (sees_all || row.some);
                if row.writes() {
                    let bare = browser.request(&row.method, &filled(&row.path));
                    assert_eq!(
                        fate(bare).await,
                        Fate::Forbidden,
                        "{role} without CSRF token, {row:?}"
                    );
                }
                let fate = fate(row.by_session(&browser, &csrf)).await;
                assert_eq!(fate, wanted(may), "{role}, all hosts: {sees_all}, {row:?}");
            }
        }
    }
    store.close().await;
}

#[tokio::test]
async fn every_route_is_for_tokens_of_its_scope_and_for_no_others() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let all = Scope::default();
    let hour = Duration::from_hours(1);
    let nobody = Browser::at(&collector);
    let expired = token(&store, &Right::ALL, &all, Duration::ZERO).await;
    let revoked = token(&store, &Right::ALL, &all, hour).await;
    let id = revoked.split('_').nth(1).expect("an id");
    assert!(store.revoke_api_token(id, &by()).await.expect("the store"));
    let good = token(&store, &Right::ALL, &all, hour).await;
    let wrong = format!("{}0", &good[..good.len() - 1]);
    let wrong = if wrong == good {
        format!("{}1", &good[..good.len() - 1])
    } else {
        wrong
    };
    for row in table().iter().filter(|row| row.least.is_some()) {
        let with = |token: &str| nobody.request(&row.method, &filled(&row.path)).bearer_auth(token);
        for bad in [&expired, &revoked, &wrong, "umbraapi1_", "x"] {
            assert_eq!(fate(with(bad)).await, Fate::Unknown, "{bad}, {row:?}");
        }
        assert_eq!(fate(with(&good)).await, Fate::Let, "{row:?}");
        let Some(right) = row.right else { continue };
        let alone = token(&store, &[right], &all, hour).await;
        assert_eq!(fate(with(&alone)).await, Fate::Let, "{row:?}");
        let others: Vec<Right> = Right::ALL.into_iter().filter(|other| *other != right).collect();
        let others = token(&store, &others, &all, hour).await;
        assert_eq!(fate(with(&others)).await, Fate::Forbidden, "{row:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let collector = Collector::start().await;
    let nobody = Browser::at(&collector);
    let answer = nobody.get("v1/inventory").await;
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .expect("text")
            .starts_with("Bearer")
    );
    let said = answer.text().await.expect("text");
    assert!(
        said.contains("/login") && said.contains("api-token create"),
        "{said}"
    );
    // What is not there is not there for anybody.
    assert_eq!(nobody.get("v1/nothing").await.status(), StatusCode::NOT_FOUND);
    let answer = nobody
        .request("DELETE", "v1/inventory")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET,HEAD");
}
