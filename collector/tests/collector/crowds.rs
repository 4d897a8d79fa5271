//! Clients that are many, slow, half-open or greedy have no effect on others, and are counted.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::channel::{Channel, Sender};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use umbra_report::Problem;

use crate::enrolment::host::{Agent, DAY, start_on, token, trusting};
use crate::running::{Collector, eventually};

const SHORT: Duration = Duration::from_millis(400);

/// A body that never ends, while the other half is kept.
fn never() -> (Sender<Bytes>, reqwest::Body) {
    let (sender, body) = Channel::<Bytes>::new(1);
    (sender, reqwest::Body::wrap(body))
}

fn authority(url: &str) -> String {
    let end = url.split("://").nth(1).unwrap_or_default();
    end.trim_end_matches('/').to_owned()
}

/// Whether the other end closes the connection within 5 s, whatever it says before.
async fn closes(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    // A reset is an end, too.
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest));
    end.await.is_ok()
}

async fn refused(collector: &Collector, listener: &str, reason: &str, least: u64) {
    let name =
        format!("umbra_collector_connections_refused_total{{listener=\"{listener}\",reason=\"{reason}\"}}");
    eventually(&name, async || {
        collector.metric(&name).await.filter(|count| *count >= least)
    })
    .await;
}

#[tokio::test]
async fn a_listener_that_is_full_closes_the_next_connection_and_goes_on() {
    let collector = start_on(|settings| settings.limits.connections = 12).await;
    let token = token(&collector, DAY, 1).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    let address = authority(&collector.agents());
    let mut crowd = Vec::new();
    for _ in 0..20 {
        crowd.push(TcpStream::connect(&address).await.expect("a connection"));
    }
    // The page has places of its own.
    refused(&collector, "agents", "full", 1).await;
    assert_eq!(collector.get("healthz").await.status(), StatusCode::OK);
    drop(crowd);
    eventually("a place", async || {
        let report = agent.spool.report(Vec::new());
        let answer = crate::running::post(&agent.http, &collector.agents(), &report).await;
        answer.ok().filter(|answer| answer.status() == StatusCode::OK)
    })
    .await;
}

#[tokio::test]
async fn connections_that_stand_still_end() {
    let collector = start_on(|settings| {
        settings.limits.head = SHORT;
        settings.limits.idle = SHORT;
        settings.limits.body = SHORT;
        settings.limits.connections = 10;
    })
    .await;
    let agents = authority(&collector.agents());
    let page = authority(&collector.url);
    // Open, and silent: before TLS, in the middle of its hello, and where there is no TLS.
    let mut silent = TcpStream::connect(&agents).await.expect("a connection");
    let mut begun = TcpStream::connect(&agents).await.expect("a connection");
    begun
        .write_all(b"\x16\x03\x01\x02\x00\x01")
        .await
        .expect("a start");
    let mut plain = TcpStream::connect(&page).await.expect("a connection");
    // No TLS where there must be.
    let mut wrong = TcpStream::connect(&agents).await.expect("a connection");
    wrong
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("a request");
    // Answered, and then silent.
    let mut idle = TcpStream::connect(&page).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("a request");
    for (which, stream) in [
        ("silent", &mut silent),
        ("begun", &mut begun),
        ("plain", &mut plain),
        ("wrong", &mut wrong),
        ("idle", &mut idle),
    ] {
        assert!(closes(stream).await, "{which} is still open");
    }
    refused(&collector, "agents", "tls", 3).await;
    // Idle after a handshake: clients keep their connections for another request, and there are places again.
    let healthz = format!("{}healthz", collector.agents());
    let mut clients = Vec::new();
    for number in 0..20 {
        let http = trusting(&collector, None).await;
        eventually("a place", async || http.get(&healthz).send().await.ok()).await;
        clients.push(http);
        if number % 10 == 9 {
            tokio::time::sleep(SHORT).await;
        }
    }
}

#[tokio::test]
async fn what_asks_for_a_certificate_is_held_to_limits_too() {
    let collector = start_on(|settings| settings.limits.body = SHORT).await;
    let http = trusting(&collector, None).await;
    let url = format!("{}v1/enrol", collector.agents());
    let post = || http.post(&url).header("content-type", "application/json");
    let (_sender, never) = never();
    for (request, status, part) in [
        (
            post().body("{}"),
            StatusCode::BAD_REQUEST,
            "not a request for a certificate",
        ),
        (
            post().body("x".repeat(20_000)),
            StatusCode::PAYLOAD_TOO_LARGE,
            "16384 bytes",
        ),
        (
            http.post(&url).body("{}"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "application/json",
        ),
        (post().body(never), StatusCode::REQUEST_TIMEOUT, "did not arrive"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        let problem: Problem = answer.json().await.expect("a problem");
        assert!(problem.error.contains(part), "{}", problem.error);
    }
    let malformed = r#"umbra_collector_certificates_total{request="enrol",answer="malformed"}"#;
    assert_eq!(collector.metric(malformed).await, Some(1));
}

#[tokio::test]
async fn an_agent_that_sends_many_reports_at_once_holds_nobody_up() {
    let collector = start_on(|settings| settings.limits.reports = 2).await;
    let token = token(&collector, DAY, 2).await;
    let greedy = Agent::enrolled(&collector, "greedy", &token).await;
    let mut other = Agent::enrolled(&collector, "other", &token).await;
    // Bodies that never end: two are on their way, the others have no place.
    let mut slow = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (sender, never) = never();
        let request = greedy
            .http
            .post(format!("{}v1/reports", collector.agents()))
            .header("content-type", "application/json")
            .body(never);
        slow.spawn(async move {
            let _sender = sender;
            request.send().await.expect("an answer")
        });
    }
    for _ in 0..8 {
        let answer = slow.join_next().await.expect("a task").expect("an answer");
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(answer.headers().contains_key("retry-after"));
    }
    assert_eq!(other.report(&collector).await.status(), StatusCode::OK);
    let refusals = r#"umbra_collector_report_refusals_total{reason="too_many"}"#;
    assert_eq!(collector.metric(refusals).await, Some(8));
    // Places are given back when their connections end.
    slow.shutdown().await;
    let mut greedy = greedy;
    eventually("a place", async || {
        (greedy.report(&collector).await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_is_answered_after_its_body_and_the_connection_goes_on() {
    let collector = Collector::start().await;
    let mut stream = TcpStream::connect(authority(&collector.url))
        .await
        .expect("a connection");
    let body = "not what was asked for";
    for (method, path, status) in [
        ("POST", "v1/reports", "415"),
        ("PUT", "healthz", "405"),
        ("POST", "nowhere", "404"),
    ] {
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("a head");
        // An answer before its body would come now, and the connection would end.
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(body.as_bytes()).await.expect("a body");
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {answer}"
        );
    }
}
