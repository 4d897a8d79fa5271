//! A collector in this process, on a port and a directory of its own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use umbra_collector::access::{Right, Scope};
use umbra_collector::authority::Authority;
use umbra_collector::config::Settings;
use umbra_collector::findings::Watch;
use umbra_collector::ingest::Limits;
use umbra_collector::retention::Retention;
use umbra_collector::server::Server;
use umbra_collector::store::{By, NewApiToken, Store};
use umbra_report::{Acknowledgement, Report};

pub(crate) struct Collector {
    pub(crate) http: Client,
    pub(crate) url: String,
    server: Server,
    settings: Settings,
    directory: TempDir,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(adapt: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut settings = Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            agents: None,
            authority: None,
            data: directory.path().join("data"),
            database: crate::on::database(),
            missing: Duration::from_hours(30 * 24),
            retention: Retention::default(),
            // Tests have it look when they want.
            watch: Watch {
                pause: Duration::from_hours(1),
                ..Watch::default()
            },
            tls: None,
            webhook: None,
            routes: Vec::new(),
            page: None,
            hosts: Vec::new(),
            forwarded: false,
            names: umbra_collector::names::Names::default(),
            open_metrics: false,
            limits: Limits::default(),
        };
        adapt(&mut settings);
        let server = Server::start(settings.clone()).await.expect("a collector");
        let http = client_with(&token(&settings, &Right::ALL, &Scope::default()).await);
        let url = server.url.to_string();
        Self {
            http,
            url,
            server,
            settings,
            directory,
        }
    }

    /// Stops it and starts it again on the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub(crate) async fn restart_with(self, adapt: impl FnOnce(&mut Settings)) -> Self {
        let Self {
            http,
            server,
            mut settings,
            directory,
            ..
        } = self;
        server.stop().await;
        adapt(&mut settings);
        let server = Server::start(settings.clone())
            .await
            .expect("the collector again");
        let url = server.url.to_string();
        Self {
            http,
            url,
            server,
            settings,
            directory,
        }
    }

    /// A second connection to its store, as its commands have it.
    pub(crate) async fn store(&self) -> Store {
        Store::open_beside(&self.settings.location())
            .await
            .expect("the store")
    }

    /// The authority that its agents trust.
    pub(crate) async fn authority(&self) -> Authority {
        let store = self.store().await;
        umbra_collector::authority::of(&self.settings, &store)
            .await
            .expect("the authority")
    }

    /// A token of these rights.
    #[allow(dead_code, reason = "not through a pooler")]
    pub(crate) async fn token(&self, rights: &[Right], scope: &Scope) -> String {
        token(&self.settings, rights, scope).await
    }

    /// Where the first account is made.
    #[allow(dead_code, reason = "not through a pooler")]
    pub(crate) fn set_up(&self) -> Option<String> {
        self.server.set_up.as_ref().map(ToString::to_string)
    }

    #[allow(dead_code, reason = "PostgreSQL needs no directory")]
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where agents of other hosts reach it.
    pub(crate) fn agents(&self) -> String {
        format!("https://{}/", self.server.agents.expect("a listener for agents"))
    }

    /// Sends a report as the agent does: JSON packed with zstd.
    pub(crate) async fn post(&self, report: &Report) -> Response {
        post(&self.http, &self.url, report).await.expect("an answer")
    }

    /// Sends a report that must be taken; gives the number that is acknowledged.
    pub(crate) async fn take(&self, report: &Report) -> u64 {
        let answer = self.post(report).await;
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "{}",
            answer.text().await.expect("a body")
        );
        answer
            .json::<Acknowledgement>()
            .await
            .expect("an acknowledgement")
            .sequence
    }

    /// Everything in the inventory.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        rows(&self.http, &self.url).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .expect("an answer")
    }

    /// A page, which is no heavier than one may be.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let html = answer.text().await.expect("HTML");
        assert!(html.len() < 100 << 10, "{path} has {} bytes", html.len());
        html
    }

    /// A sample of `/metrics`.
    pub(crate) async fn metric(&self, name: &str) -> Option<u64> {
        let text = self.get("metrics").await.text().await.expect("text");
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }
}

/// A token of a collector that runs.
pub(crate) async fn token(settings: &Settings, rights: &[Right], scope: &Scope) -> String {
    let store = Store::open_beside(&settings.location()).await.expect("the store");
    let new = NewApiToken {
        name: "tests",
        rights,
        scope,
        life: Duration::from_hours(1),
    };
    let by = By {
        actor: "tests",
        time: Timestamp::now(),
    };
    let made = store.create_api_token(&new, &by).await.expect("the store");
    store.close().await;
    made.expect("a token").1
}

/// A client that goes nowhere but where it is told.
pub(crate) fn client() -> Client {
    client_that_says(HeaderMap::new())
}

/// The same with a token of the API.
pub(crate) fn client_with(token: &str) -> Client {
    let mut headers = HeaderMap::new();
    let line = format!("Bearer {token}").parse().expect("a header");
    headers.insert(AUTHORIZATION, line);
    client_that_says(headers)
}

fn client_that_says(headers: HeaderMap) -> Client {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .default_headers(headers)
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client")
}

pub(crate) async fn post(http: &Client, url: &str, report: &Report) -> reqwest::Result<Response> {
    let json = serde_json::to_vec(report).expect("JSON");
    let packed = zstd::encode_all(json.as_slice(), 3).expect("zstd");
    http.post(format!("{url}v1/reports"))
        .header("content-type", umbra_report::CONTENT_TYPE)
        .header("content-encoding", "zstd")
        .body(packed)
        .send()
        .await
}

pub(crate) async fn rows(http: &Client, url: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let answer = http
            .get(format!("{url}v1/inventory?limit=3&after={after}"))
            .send()
            .await
            .expect("an answer");
        let mut page: Value = answer.json().await.expect("JSON");
        rows.append(page["rows"].as_array_mut().expect("rows"));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return rows,
        }
    }
}

/// Waits until `check` gives something; fails loudly after ten seconds.
pub(crate) async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(10) {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what}: not within 10 s");
}
