//! A browser, as far as the collector notices one, and an account to log in with.

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use umbra_collector::access::password::{Hasher, Password};
use umbra_collector::access::{Role, Scope};
use umbra_collector::store::{By, NewAccount};

use crate::running::{Collector, client};

pub(crate) const PASSWORD: &str = "quiet rivers run deep";

/// A browser without a token: it follows no redirect, and keeps its cookie here.
pub(crate) struct Browser {
    http: Client,
    pub(crate) url: String,
    pub(crate) cookie: String,
}

impl Browser {
    pub(crate) fn at(collector: &Collector) -> Self {
        // Installs what clients need.
        drop(client());
        Self {
            http: Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .build()
                .expect("a client"),
            url: collector.url.clone(),
            cookie: String::new(),
        }
    }

    /// One with the cookie of this session.
    pub(crate) fn with(collector: &Collector, secret: &str) -> Self {
        Self {
            cookie: format!("umbra={secret}"),
            ..Self::at(collector)
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let url = format!("{}{}", self.url, path.trim_start_matches('/'));
        let request = self.http.request(method, url);
        if self.cookie.is_empty() {
            request
        } else {
            request.header(COOKIE, &self.cookie)
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.expect("an answer")
    }

    /// Sends a form; keeps the cookie of the answer.
    pub(crate) async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.request("POST", path).header("sec-fetch-site", "same-origin");
        let answer = form(request, fields).send().await.expect("an answer");
        if let Some(cookie) = answer.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
            cookie
                .split(';')
                .next()
                .expect("a pair")
                .clone_into(&mut self.cookie);
        }
        answer
    }

    pub(crate) async fn log_in(&mut self, name: &str, password: &str) -> Response {
        self.send("login", &[("name", name), ("password", password)])
            .await
    }

    pub(crate) async fn csrf(&self) -> String {
        let me: Value = self.get("v1/me").await.json().await.expect("JSON");
        me["csrf"].as_str().expect("a person").to_owned()
    }
}

pub(crate) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish())
}

pub(crate) fn by() -> By<'static> {
    By {
        actor: "tests",
        time: jiff::Timestamp::now(),
    }
}

/// An account whose password is [`PASSWORD`].
pub(crate) async fn account(collector: &Collector, name: &str, role: Role) {
    let password = Password::new(PASSWORD, name).expect("a password");
    let new = NewAccount {
        name,
        password: &Hasher::default().hash(password).await.expect("a hash"),
        role,
        scope: &Scope::default(),
    };
    let store = collector.store().await;
    let made = store.create_account(&new, &by()).await;
    made.expect("the store").expect("an account");
    store.close().await;
}
