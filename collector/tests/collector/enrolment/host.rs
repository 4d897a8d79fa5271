//! A collector that takes agents, and an agent with a key, as hosts have it.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use reqwest::{Certificate, Client, Identity, Response, StatusCode};
use umbra_collector::config::{Agents, Settings};
use umbra_collector::labels::Labels;
use umbra_collector::store::{By, NewToken, Store};
use umbra_report::{Enrol, Enrolled, Renew, Token, VERSION};
use uuid::Uuid;

use crate::made_up::{Spool, call};
use crate::running::{Collector, client, post};

pub(crate) async fn start() -> Collector {
    start_with(|_| {}).await
}

pub(crate) async fn start_with(adapt: impl FnOnce(&mut Agents)) -> Collector {
    let mut agents = listener();
    adapt(&mut agents);
    Collector::start_with(|settings| settings.agents = Some(agents)).await
}

/// With other settings that are not the agents' own.
#[allow(dead_code, reason = "a collector alone needs none")]
pub(crate) async fn start_on(adapt: impl FnOnce(&mut Settings)) -> Collector {
    Collector::start_with(|settings| {
        settings.agents = Some(listener());
        adapt(settings);
    })
    .await
}

fn listener() -> Agents {
    Agents {
        listen: ([127, 0, 0, 1], 0).into(),
        names: vec!["127.0.0.1".to_owned()],
        life: Duration::from_mins(5),
        enrolments_per_second: 1000,
        takeover: Duration::from_secs(5),
    }
}

/// Who decides in tests.
pub(crate) fn by() -> By<'static> {
    By {
        actor: "ada",
        time: Timestamp::now(),
    }
}

/// A second connection to the collector's store, as its commands have it.
pub(crate) async fn store(collector: &Collector) -> Store {
    collector.store().await
}

pub(crate) async fn token(collector: &Collector, life: Duration, uses: u32) -> Token {
    labelling(collector, life, uses, Labels::default()).await
}

/// A token that gives hosts labels.
pub(crate) async fn labelling(collector: &Collector, life: Duration, uses: u32, labels: Labels) -> Token {
    let authority = collector.authority().await;
    let new = NewToken {
        label: "test".to_owned(),
        life,
        uses,
        labels,
    };
    store(collector)
        .await
        .create_token(&new, &authority.fingerprint(), &by())
        .await
        .expect("the store")
        .expect("room")
}

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// An agent with a key.
pub(crate) struct Agent {
    pub(crate) spool: Spool,
    pub(crate) key: KeyPair,
    pub(crate) http: Client,
}

impl Agent {
    pub(crate) async fn new(collector: &Collector, host: &str) -> Self {
        let mut spool = Spool::of(host);
        spool.agent.boot_id = Some(Uuid::new_v4());
        Self {
            spool,
            key: KeyPair::generate().expect("a key"),
            http: trusting(collector, None).await,
        }
    }

    pub(crate) fn csr(&self) -> String {
        let request = CertificateParams::default().serialize_request(&self.key);
        request.and_then(|request| request.pem()).expect("a request")
    }

    pub(crate) fn request(&self, token: &Token) -> Enrol {
        Enrol {
            version: VERSION,
            token: token.to_string(),
            agent: self.spool.agent.clone(),
            csr: self.csr(),
        }
    }

    pub(crate) async fn ask(&self, collector: &Collector, token: &Token) -> Response {
        let url = format!("{}v1/enrol", collector.agents());
        send(&self.http, url, &self.request(token)).await
    }

    /// One that has enrolled.
    pub(crate) async fn enrolled(collector: &Collector, host: &str, token: &Token) -> Self {
        Self::new(collector, host).await.enrol(collector, token).await
    }

    pub(crate) async fn enrol(mut self, collector: &Collector, token: &Token) -> Self {
        let answer = self.ask(collector, token).await;
        assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.text().await);
        self.take(collector, &answer.json().await.expect("a certificate"))
            .await;
        self
    }

    pub(crate) async fn renew(&self, collector: &Collector) -> Response {
        let body = Renew {
            version: VERSION,
            agent: self.spool.agent.clone(),
            csr: self.csr(),
        };
        send(&self.http, format!("{}v1/renew", collector.agents()), &body).await
    }

    pub(crate) async fn take(&mut self, collector: &Collector, enrolled: &Enrolled) {
        let pem = self.key.serialize_pem() + &enrolled.certificate;
        let identity = Identity::from_pem(pem.as_bytes()).expect("an identity");
        self.http = trusting(collector, Some(identity)).await;
    }

    pub(crate) async fn report(&mut self, collector: &Collector) -> Response {
        let report = self.spool.report(vec![call("alice", "curl")]);
        post(&self.http, &collector.agents(), &report)
            .await
            .expect("an answer")
    }

    /// The same host after a restart, or a copy of it.
    pub(crate) async fn booted(&self, collector: &Collector, enrolled: &Enrolled) -> Self {
        let mut other = Self {
            spool: Spool::of("copy"),
            key: KeyPair::from_pem(&self.key.serialize_pem()).expect("the key"),
            http: self.http.clone(),
        };
        other.spool.agent = self.spool.agent.clone();
        other.spool.agent.boot_id = Some(Uuid::new_v4());
        other.take(collector, enrolled).await;
        other
    }
}

pub(crate) async fn send(http: &Client, url: String, body: &impl serde::Serialize) -> Response {
    http.post(url).json(body).send().await.expect("an answer")
}

/// A client that trusts the collector's authority alone, and shows a certificate.
pub(crate) async fn trusting(collector: &Collector, identity: Option<Identity>) -> Client {
    // It installs the provider of cryptography.
    drop(client());
    let authority = collector.authority().await;
    let mut builder = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .tls_certs_only([Certificate::from_pem(authority.pem().as_bytes()).expect("a certificate")]);
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    builder.build().expect("a client")
}
