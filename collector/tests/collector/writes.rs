//! What people and programs write over the API, and in whose name.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::{Role, Scope};
use umbra_collector::store::{By, NewAccount};

use crate::browser::{Browser, PASSWORD};
use crate::made_up::{Spool, call};
use crate::running::{Collector, client_with};

/// Logs somebody in, whose account is made for it.
pub(crate) async fn person(collector: &Collector, name: &str, role: Role) -> Browser {
    let store = collector.store().await;
    let (now, scope) = (jiff::Timestamp::now(), Scope::default());
    let new = NewAccount {
        name,
        password: "-",
        role,
        scope: &scope,
    };
    let by = By {
        actor: "tests",
        time: now,
    };
    let made = store.create_account(&new, &by).await;
    made.expect("the store").expect("an account");
    let secret = store.log_in(name, "127.0.0.1", now).await;
    store.close().await;
    Browser::with(collector, &secret.expect("the store").expect("a session"))
}

impl Browser {
    /// Sends JSON as the collector's own page would.
    pub(crate) async fn write(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(method.as_str(), path);
        let request = request.header("x-csrf-token", self.csrf().await).json(body);
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.expect("JSON")
    }
}

#[tokio::test]
async fn a_finding_s_state_is_the_decision_of_who_is_logged_in() {
    let collector = Collector::start().await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    let eve = person(&collector, "eve", Role::Analyst).await;
    let set = async |body: Value| eve.write(Method::POST, "v1/findings/1/state", &body).await;
    for (body, why) in [
        (json!({"state": "resolved"}), "say why"),
        (json!({"state": "resolved", "reason": "  "}), "say why"),
        (
            json!({"state": "snoozed", "reason": "The contract"}),
            "until when",
        ),
        (
            json!({"state": "snoozed", "reason": "The contract", "until": "2020-01-01T00:00:00Z"}),
            "until when",
        ),
        (
            json!({"state": "open", "until": "2999-01-01T00:00:00Z"}),
            "snoozed alone",
        ),
        (json!({"state": "gone"}), "this is not a finding's state"),
        (json!({"state": "open", "by": "ada"}), "unknown field"),
        (
            json!({"state": "open", "reason": "x".repeat(2001)}),
            "at most 2000",
        ),
    ] {
        let (status, said) = set(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            said["error"].as_str().expect("a sentence").contains(why),
            "{said}"
        );
    }
    let (status, _) = set(json!({"state": "resolved", "reason": "Moved to the gateway"})).await;
    assert_eq!(status, StatusCode::OK);
    let finding = &eve.json("v1/findings").await["findings"][0];
    assert_eq!(finding["state"], "resolved");
    assert_eq!(
        (&finding["decided"]["actor"], &finding["decided"]["reason"]),
        (&json!("eve"), &json!("Moved to the gateway"))
    );
    let entry = &eve.json("v1/audit?limit=1").await["entries"][0];
    assert_eq!(
        (&entry["actor"], &entry["action"], &entry["subject"]),
        (&json!("eve"), &json!("finding_decided"), &json!("1"))
    );
    let (status, _) = eve
        .write(Method::POST, "v1/findings/2/state", &json!({"state": "open"}))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_policy_is_planned_and_applied_against_what_was_planned() {
    const POLICY: &str = "version = 1\n[[sanction]]\nid = \"chats\"\nverdict = \"prohibited\"\nvendor = \"OpenAI\"\nreason = \"No\"\napprover = \"Eve\"\n";
    let collector = Collector::start().await;
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "claude")]))
        .await;
    let eve = person(&collector, "eve", Role::Approver).await;
    let (status, plan) = eve
        .write(Method::POST, "v1/policy/plan", &json!({"policy": POLICY}))
        .await;
    assert_eq!(status, StatusCode::OK, "{plan}");
    assert_eq!((&plan["against"], &plan["turned"]), (&json!(0), &json!(1)));
    assert_eq!(
        eve.json("v1/policy").await["version"],
        Value::Null,
        "a plan changes nothing"
    );

    let (status, said) = eve
        .write(
            Method::POST,
            "v1/policy",
            &json!({"policy": "version = 1\n[[sanction]]\n", "against": 0}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        said["error"].as_str().expect("a sentence").contains("line 2"),
        "{said}"
    );
    let apply = async |against: u64| {
        let body = json!({"policy": POLICY, "against": against, "comment": "SEC-12"});
        eve.write(Method::POST, "v1/policy", &body).await
    };
    let (status, done) = apply(0).await;
    assert_eq!((status, &done["version"]), (StatusCode::OK, &json!(1)), "{done}");
    let (status, said) = apply(0).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        said["error"].as_str().expect("a sentence").contains("plan again"),
        "{said}"
    );
    assert_eq!(eve.json("v1/policy").await["version"]["actor"], "eve");
    assert_eq!(eve.json("v1/inventory").await["rows"][0]["verdict"], "prohibited");
}

#[tokio::test]
async fn an_admin_makes_accounts_and_takes_them_back() {
    let collector = Collector::start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let post = async |body: Value| root.write(Method::POST, "v1/accounts", &body).await;
    for (body, why) in [
        (
            json!({"name": "Eve Example", "password": PASSWORD, "role": "viewer"}),
            "an account's name",
        ),
        (
            json!({"name": "eve", "password": "short", "role": "viewer"}),
            "at least 15",
        ),
        (
            json!({"name": "eve", "password": PASSWORD, "role": "king"}),
            "this is not an account",
        ),
        (
            json!({"name": "eve", "password": PASSWORD, "role": "viewer", "hosts": {"team": []}}),
            "no value",
        ),
        (
            json!({"name": "eve", "password": PASSWORD, "role": "viewer", "hosts": {"a b": ["c"]}}),
            "KEY=VALUE",
        ),
    ] {
        let (status, said) = post(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            said["error"].as_str().expect("a sentence").contains(why),
            "{said}"
        );
    }
    let body = json!({"name": "eve", "password": PASSWORD, "role": "analyst", "hosts": {"team": ["web"]}});
    let (status, made) = post(body.clone()).await;
    assert_eq!(
        (status, &made["hosts"]),
        (StatusCode::OK, &json!({"team": ["web"]})),
        "{made}"
    );
    assert_eq!(post(body).await.0, StatusCode::CONFLICT);
    let text = root.get("v1/accounts").await.text().await.expect("text");
    assert!(text.contains("\"eve\"") && !text.contains("argon2"), "{text}");

    let patch = async |name: &str, body: Value| {
        root.write(Method::PATCH, &format!("v1/accounts/{name}"), &body)
            .await
    };
    let (status, changed) = patch("eve", json!({"role": "viewer", "hosts": {}})).await;
    assert_eq!(
        (status, &changed["role"], &changed["hosts"]),
        (StatusCode::OK, &json!("viewer"), &json!({}))
    );
    assert_eq!(
        patch("mallory", json!({"role": "viewer"})).await.0,
        StatusCode::NOT_FOUND
    );
    for takes in [
        json!({"role": "viewer"}),
        json!({"disabled": true}),
        json!({"hosts": {"team": ["web"]}}),
    ] {
        let (status, said) = patch("root", takes).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(
            said["error"]
                .as_str()
                .expect("a sentence")
                .contains("the last admin"),
            "{said}"
        );
    }
    let entry = &root.json("v1/audit?limit=1").await["entries"][0];
    assert_eq!(
        (&entry["actor"], &entry["action"], &entry["subject"]),
        (&json!("root"), &json!("account_changed"), &json!("eve"))
    );
    assert!(!entry["detail"].as_str().expect("JSON").contains("argon2"));
}

#[tokio::test]
async fn a_token_is_shown_once_and_good_until_it_is_taken_back() {
    let collector = Collector::start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let post = async |body: Value| root.write(Method::POST, "v1/api-tokens", &body).await;
    for body in [
        json!({"name": "ci", "scopes": [], "days": 1}),
        json!({"name": "ci", "scopes": ["everything"], "days": 1}),
        json!({"name": "ci", "scopes": ["inventory:read"], "days": 367}),
        json!({"name": "", "scopes": ["inventory:read"], "days": 1}),
    ] {
        assert_eq!(post(body).await.0, StatusCode::BAD_REQUEST);
    }
    let (status, made) =
        post(json!({"name": "ci", "scopes": ["policy:write", "inventory:read"], "days": 1})).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let token = made["token"].as_str().expect("a token");
    let list = root.get("v1/api-tokens").await.text().await.expect("text");
    let secret = token.rsplit('_').next().expect("a secret");
    assert!(list.contains("\"ci\"") && !list.contains(secret), "{list}");

    let program = client_with(token);
    let me = async || {
        program
            .get(format!("{}v1/me", collector.url))
            .send()
            .await
            .expect("an answer")
    };
    let said: Value = me().await.json().await.expect("JSON");
    assert_eq!(said["rights"], json!(["inventory:read", "policy:write"]));
    // What it writes is in its name.
    let body = json!({"policy": "version = 1\n", "against": 0});
    let applied = program
        .post(format!("{}v1/policy", collector.url))
        .json(&body)
        .send()
        .await;
    let applied: Value = applied.expect("an answer").json().await.expect("JSON");
    let id = made["id"].as_str().expect("an id");
    assert_eq!(applied["actor"], format!("api token ci ({id})"));
    let (status, _) = root
        .write(Method::DELETE, &format!("v1/api-tokens/{id}"), &Value::Null)
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(me().await.status(), StatusCode::UNAUTHORIZED);
    let (status, _) = root.write(Method::DELETE, "v1/api-tokens/0", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_s_own_password_takes_the_old_one_and_ends_the_sessions() {
    let collector = Collector::start().await;
    let root = person(&collector, "root", Role::Admin).await;
    let body = json!({"name": "eve", "password": PASSWORD, "role": "viewer"});
    root.write(Method::POST, "v1/accounts", &body).await;
    let mut eve = Browser::at(&collector);
    assert_eq!(eve.log_in("eve", PASSWORD).await.status(), StatusCode::SEE_OTHER);
    let change = async |eve: &Browser, old: &str, new: &str| {
        eve.write(Method::POST, "v1/me/password", &json!({"old": old, "new": new}))
            .await
    };
    let (status, said) = change(&eve, "not the password of anybody", "another phrase to keep").await;
    assert_eq!(
        (status, &said["error"]),
        (StatusCode::BAD_REQUEST, &json!("the old password does not fit"))
    );
    assert_eq!(change(&eve, PASSWORD, "short").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        change(&eve, PASSWORD, "another phrase to keep").await.0,
        StatusCode::OK
    );
    assert_eq!(eve.get("v1/me").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        eve.log_in("eve", PASSWORD).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        eve.log_in("eve", "another phrase to keep").await.status(),
        StatusCode::SEE_OTHER
    );
}
