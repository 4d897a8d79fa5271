//! Connections stay open between requests, slow heads do not, and who is idle makes room for who is not.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::enrolment::host::{Agent, DAY, start_on, token};
use crate::made_up::{Spool, call};
use crate::running::Collector;

const SHORT: Duration = Duration::from_millis(400);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn counted(collector: &Collector, name: &str, listener: &str) -> u64 {
    let name = format!("umbra_collector_{name}_total{{listener=\"{listener}\"}}");
    collector.metric(&name).await.unwrap_or_default()
}

async fn connection(collector: &Collector) -> TcpStream {
    let address = collector.url.trim_start_matches("http://").trim_end_matches('/');
    TcpStream::connect(address).await.expect("a connection")
}

/// Asks on an open connection; whether there was an answer.
async fn asks(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4096];
    // A connection that is gone may take the request, and reset it.
    let _ = stream.write_all(REQUEST).await;
    let length = stream.read(&mut answer).await.unwrap_or_default();
    answer[..length].starts_with(b"HTTP/1.1 200")
}

/// Waits for the other end to close the connection, within 5 s and without another word.
async fn closes(stream: &mut TcpStream) {
    let mut rest = [0; 64];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut rest));
    assert_eq!(read.await.expect("still open").unwrap_or_default(), 0);
}

#[tokio::test]
async fn an_agent_keeps_its_connection_from_one_report_to_the_next() {
    let collector = start_on(|settings| settings.limits.head = Duration::from_secs(1)).await;
    let token = token(&collector, DAY, 1).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    let connections = counted(&collector, "connections", "agents").await;
    assert!(connections > 0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(
        counted(&collector, "connections", "agents").await,
        connections,
        "another TLS handshake"
    );
}

#[tokio::test]
async fn a_connection_without_requests_ends_when_it_was_idle_for_long_enough() {
    let collector = Collector::start_with(|settings| settings.limits.idle = 5 * SHORT).await;
    let mut stream = connection(&collector).await;
    for _ in 0..4 {
        assert!(asks(&mut stream).await);
        // Not all together, but from each answer on.
        tokio::time::sleep(2 * SHORT).await;
    }
    closes(&mut stream).await;
}

#[tokio::test]
async fn a_connection_ends_too_when_its_request_took_its_time() {
    let collector = Collector::start_with(|settings| settings.limits.idle = 2 * SHORT).await;
    let mut stream = connection(&collector).await;
    // A report waits for the disk; meanwhile the connection is watched for its end.
    let report = Spool::of("web-1").report(vec![call("eve", "claude")]);
    let body = serde_json::to_string(&report).expect("JSON");
    let head = format!(
        "POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        umbra_report::CONTENT_TYPE,
        body.len()
    );
    let request = [head.as_bytes(), body.as_bytes()].concat();
    stream.write_all(&request).await.expect("an open connection");
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await.expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    closes(&mut stream).await;
}

#[tokio::test]
async fn a_slow_head_is_cut_off_on_a_connection_that_may_be_idle_too() {
    let collector = Collector::start_with(|settings| settings.limits.head = SHORT).await;
    let mut stream = connection(&collector).await;
    assert!(asks(&mut stream).await);
    tokio::time::sleep(3 * SHORT).await;
    assert!(
        asks(&mut stream).await,
        "it may be idle for longer than a head may take"
    );
    // A byte now and then does not gain it time.
    let begin = Instant::now();
    let mut said = 0;
    let ended = loop {
        if stream.write_all(&REQUEST[said..=said]).await.is_err() {
            break begin.elapsed();
        }
        said += 1;
        let mut rest = [0; 64];
        let read = tokio::time::timeout(SHORT / 8, stream.read(&mut rest));
        if read.await.is_ok_and(|read| read.unwrap_or_default() == 0) {
            break begin.elapsed();
        }
    };
    assert!(
        said < REQUEST.len() && ended >= SHORT && ended < 10 * SHORT,
        "{ended:?}"
    );
}

#[tokio::test]
async fn whoever_says_nothing_after_the_handshake_is_not_idle_but_slow() {
    let collector = start_on(|settings| settings.limits.head = SHORT).await;
    let pem = collector.authority().await.pem().to_owned();
    let address = collector.agents().replace("https://", "");
    let ended = tokio::task::spawn_blocking(move || {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        roots.add(authority).expect("an authority");
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let stream = std::net::TcpStream::connect(address.trim_end_matches('/')).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a limit");
        let mut stream = StreamOwned::new(client, stream);
        stream.conn.complete_io(&mut stream.sock).expect("a handshake");
        assert_eq!(stream.read(&mut [0; 64]).expect("an end in good order"), 0);
    });
    ended.await.expect("an end");
}

#[tokio::test]
async fn the_connection_that_was_idle_for_longest_makes_room() {
    let collector = Collector::start_with(|settings| settings.limits.connections = 10).await;
    let mut idle = Vec::new();
    for _ in 0..10 {
        let mut stream = connection(&collector).await;
        assert!(asks(&mut stream).await);
        idle.push(stream);
    }
    // The first is not the one any more.
    assert!(asks(&mut idle[0]).await);
    let mut another = connection(&collector).await;
    assert!(asks(&mut another).await);
    closes(&mut idle[1]).await;
    idle.remove(1);
    for stream in &mut idle {
        assert!(asks(stream).await);
    }
    // This takes a place, too.
    assert_eq!(counted(&collector, "connections_displaced", "page").await, 2);
    let refused = "umbra_collector_connections_refused_total{listener=\"page\",reason=\"full\"}";
    assert_eq!(collector.metric(refused).await, None);
}

#[tokio::test]
async fn more_agents_than_places_lose_no_report() {
    let collector = start_on(|settings| settings.limits.connections = 10).await;
    let token = token(&collector, DAY, 15).await;
    let mut agents = Vec::new();
    for number in 0..15 {
        agents.push(Agent::enrolled(&collector, &format!("web-{number}"), &token).await);
    }
    for _ in 0..3 {
        for agent in &mut agents {
            assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
        }
    }
    assert!(counted(&collector, "connections_displaced", "agents").await > 0);
    assert_eq!(collector.metric("umbra_collector_records_total").await, Some(45));
}
