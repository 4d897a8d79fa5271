//! Agents get in with a token and stay in with a certificate; nobody else speaks for them.

#[path = "enrolment/host.rs"]
pub(crate) mod host;

use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use reqwest::{Identity, Response, StatusCode};
use umbra_collector::store::Decision;
use umbra_report::{Code, Enrolled, Problem, Token, VERSION};
use uuid::Uuid;

use crate::made_up::call;
use crate::running::post;
use host::{Agent, DAY, by, send, start, start_with, store, token, trusting};

async fn refused(answer: Response, status: StatusCode, code: Code, remedy: &str) {
    let got = answer.status();
    let problem: Problem = answer.json().await.expect("a problem");
    assert_eq!((got, problem.code), (status, Some(code)), "{}", problem.error);
    assert!(problem.error.contains(remedy), "{}", problem.error);
}

#[tokio::test]
async fn an_agent_enrols_reports_and_renews() {
    let collector = start().await;
    let token = token(&collector, DAY, 1).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    let answer = agent.renew(&collector).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let renewed: Enrolled = answer.json().await.expect("a certificate");
    assert_eq!(renewed.agent_id, agent.spool.agent.id);
    // The one before goes on, in case that the answer was lost.
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    agent.take(&collector, &renewed).await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    // A lost answer to the first request, too: the same key comes again, and takes no use.
    assert_eq!(agent.ask(&collector, &token).await.status(), StatusCode::OK);
    // And all that is remembered after a restart.
    let collector = collector.restart().await;
    assert_eq!(agent.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(collector.rows().await[0]["flows"], 4);
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_and_says_why() {
    use Code::{TokenExpired, TokenRevoked, TokenUnknown, TokenUsedUp};

    const REMEDY: &str = "umbra-collector token create";
    let collector = start().await;
    let agent = Agent::new(&collector, "web-1").await;
    let refused = async |token: &Token, code| {
        refused(
            agent.ask(&collector, token).await,
            StatusCode::UNAUTHORIZED,
            code,
            REMEDY,
        )
        .await;
    };
    let good = token(&collector, DAY, 1).await;
    let mut other = good.clone();
    other.secret = "0".repeat(32);
    refused(&other, TokenUnknown).await;
    other.id = "0".repeat(12);
    refused(&other, TokenUnknown).await;
    refused(&token(&collector, Duration::ZERO, 1).await, TokenExpired).await;
    let revoked = token(&collector, DAY, 1).await;
    let store = store(&collector).await;
    assert!(store.revoke_token(&revoked.id, &by()).await.expect("the store"));
    refused(&revoked, TokenRevoked).await;
    // Nobody's attempts used it up, and only one may use it.
    drop(Agent::enrolled(&collector, "web-2", &good).await);
    refused(&good, TokenUsedUp).await;
    let tokens = store.tokens().await.expect("tokens");
    let left = tokens.iter().map(|token| (token.id.clone(), token.uses_left));
    assert_eq!(
        left.filter(|(id, _)| *id == good.id).map(|(_, left)| left).next(),
        Some(0)
    );
    assert_eq!(
        collector
            .metric(r#"umbra_collector_certificates_total{request="enrol",answer="token_unknown"}"#)
            .await,
        Some(2)
    );
}

#[tokio::test]
async fn nobody_speaks_for_an_agent_without_its_certificate() {
    let collector = start().await;
    let token = token(&collector, DAY, 9).await;
    let mut one = Agent::enrolled(&collector, "web-1", &token).await;
    let mut two = Agent::enrolled(&collector, "web-2", &token).await;
    // Not over loopback.
    let report = one.spool.report(vec![call("alice", "curl")]);
    let plain = collector.post(&report).await;
    refused(
        plain,
        StatusCode::FORBIDDEN,
        Code::CertificateMissing,
        "with its certificate alone",
    )
    .await;
    // Not without a certificate.
    let bare = post(&trusting(&collector, None).await, &collector.agents(), &report)
        .await
        .expect("an answer");
    refused(bare, StatusCode::UNAUTHORIZED, Code::CertificateMissing, "token").await;
    // Not with another's.
    std::mem::swap(&mut one.spool, &mut two.spool);
    refused(
        one.report(&collector).await,
        StatusCode::FORBIDDEN,
        Code::WrongAgent,
        "names agent",
    )
    .await;
    refused(
        one.renew(&collector).await,
        StatusCode::FORBIDDEN,
        Code::WrongAgent,
        "names agent",
    )
    .await;
    // Not with another key, by whoever has a token.
    let mut thief = Agent::new(&collector, "thief").await;
    thief.spool.agent.id = two.spool.agent.id;
    refused(
        thief.ask(&collector, &token).await,
        StatusCode::CONFLICT,
        Code::AgentKnown,
        "new id",
    )
    .await;
    // Not with a certificate of another authority.
    let key = KeyPair::generate().expect("a key");
    let own = CertificateParams::default()
        .self_signed(&key)
        .expect("a certificate");
    let identity = Identity::from_pem((key.serialize_pem() + &own.pem()).as_bytes()).expect("an identity");
    let alien = post(
        &trusting(&collector, Some(identity)).await,
        &collector.agents(),
        &report,
    )
    .await;
    assert!(alien.is_err(), "{alien:?}");
    assert_eq!(collector.rows().await.len(), 0);
}

#[tokio::test]
async fn a_certificate_that_is_over_is_refused_with_a_sentence() {
    let collector = start_with(|agents| agents.life = Duration::from_secs(1)).await;
    let token = token(&collector, DAY, 1).await;
    let mut agent = Agent::enrolled(&collector, "web-1", &token).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let remedy = "give the agent a valid token";
    refused(
        agent.report(&collector).await,
        StatusCode::UNAUTHORIZED,
        Code::CertificateExpired,
        remedy,
    )
    .await;
    refused(
        agent.renew(&collector).await,
        StatusCode::UNAUTHORIZED,
        Code::CertificateExpired,
        remedy,
    )
    .await;
    // The token still allows it, and so does the key.
    assert_eq!(agent.ask(&collector, &token).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_revoked_stay_out_and_the_retired_come_back_with_a_token() {
    let collector = start().await;
    let token = token(&collector, DAY, 9).await;
    let mut one = Agent::enrolled(&collector, "web-1", &token).await;
    let mut two = Agent::enrolled(&collector, "web-2", &token).await;
    assert_eq!(two.report(&collector).await.status(), StatusCode::OK);
    let store = store(&collector).await;
    for (agent, decision) in [(&one, Decision::Revoke), (&two, Decision::Retire)] {
        assert!(
            store
                .decide(agent.spool.agent.id, decision, &by())
                .await
                .expect("the store")
        );
    }
    assert!(
        !store
            .decide(Uuid::new_v4(), Decision::Revoke, &by())
            .await
            .expect("the store")
    );
    assert_eq!(
        collector.metric("umbra_collector_hosts").await,
        Some(0),
        "nobody misses the retired"
    );
    refused(
        one.report(&collector).await,
        StatusCode::FORBIDDEN,
        Code::AgentRevoked,
        "agent-id.json",
    )
    .await;
    refused(
        one.renew(&collector).await,
        StatusCode::FORBIDDEN,
        Code::AgentRevoked,
        "agent-id.json",
    )
    .await;
    refused(
        one.ask(&collector, &token).await,
        StatusCode::FORBIDDEN,
        Code::AgentRevoked,
        "agent-id.json",
    )
    .await;
    refused(
        two.report(&collector).await,
        StatusCode::FORBIDDEN,
        Code::AgentRetired,
        "valid token",
    )
    .await;
    let mut two = two.enrol(&collector, &token).await;
    assert_eq!(two.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(collector.metric("umbra_collector_hosts").await, Some(1));
}

#[tokio::test]
async fn a_copy_of_a_host_is_told_from_a_host_that_starts_again() {
    let collector = start().await;
    let token = token(&collector, DAY, 9).await;
    let agent = Agent::new(&collector, "web-1").await;
    let answer = agent.ask(&collector, &token).await;
    let enrolled: Enrolled = answer.json().await.expect("a certificate");
    let mut first = agent;
    first.take(&collector, &enrolled).await;
    let clones = async || collector.metric("umbra_collector_possible_clones").await;

    // It starts again: it waits until the one before is known to be silent, and goes on.
    assert_eq!(first.report(&collector).await.status(), StatusCode::OK);
    let mut again = first.booted(&collector, &enrolled).await;
    let held = again.report(&collector).await;
    assert_eq!(held.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(held.headers().contains_key("retry-after"));
    tokio::time::sleep(Duration::from_millis(5100)).await;
    assert_eq!(again.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(clones().await, Some(0));

    // A copy waits, too; but the other speaks meanwhile.
    let mut copy = again.booted(&collector, &enrolled).await;
    assert_eq!(
        copy.report(&collector).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(again.report(&collector).await.status(), StatusCode::OK);
    let remedy = "possible clone";
    refused(
        copy.report(&collector).await,
        StatusCode::CONFLICT,
        Code::PossibleClone,
        remedy,
    )
    .await;
    assert_eq!(again.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(clones().await, Some(1));
    // The first one was a copy as well, if it comes back.
    refused(
        first.report(&collector).await,
        StatusCode::CONFLICT,
        Code::PossibleClone,
        remedy,
    )
    .await;
    let flows: u64 = collector
        .rows()
        .await
        .iter()
        .filter_map(|row| row["flows"].as_u64())
        .sum();
    assert_eq!(flows, 4, "what the copy said is not mixed in");

    // With a new id and key it is an agent of its own.
    let mut own = Agent::enrolled(&collector, "copy", &token).await;
    assert_eq!(own.report(&collector).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_storm_is_paced() {
    let collector = start_with(|agents| agents.enrolments_per_second = 1).await;
    let token = token(&collector, DAY, 100).await;
    let mut storm = tokio::task::JoinSet::new();
    for number in 0..15 {
        let agent = Agent::new(&collector, &format!("web-{number}")).await;
        let (url, body) = (format!("{}v1/enrol", collector.agents()), agent.request(&token));
        storm.spawn(async move { send(&agent.http, url, &body).await });
    }
    let (mut let_in, mut waits) = (0, Vec::new());
    for answer in storm.join_all().await {
        match answer.status() {
            StatusCode::OK => let_in += 1,
            status => {
                assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
                let wait = answer.headers()["retry-after"].to_str().expect("text");
                waits.push(wait.parse::<u64>().expect("seconds"));
            }
        }
    }
    assert!(let_in >= 1 && !waits.is_empty(), "{let_in} at one a second");
    assert!(waits.iter().all(|wait| (1..=16).contains(wait)), "{waits:?}");
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let collector = start().await;
    let http = trusting(&collector, None).await;
    let url = format!("{}v1/enrol", collector.agents());
    let token = token(&collector, DAY, 1).await;
    let agent = Agent::new(&collector, "web-1").await;
    let good = agent.request(&token);
    let mut later = good.clone();
    later.version = VERSION + 1;
    let mut unsigned = good.clone();
    unsigned.csr =
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n".to_owned();
    let mut nameless = good.clone();
    nameless.agent.host = String::new();
    for (wrong, part) in [
        (later, "upgrade the collector"),
        (unsigned, "csr"),
        (nameless, "agent.host"),
    ] {
        let answer = send(&http, url.clone(), &wrong).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let text = answer.text().await.expect("text");
        assert!(text.contains(part), "{text}");
    }
    let mut large = good;
    large.csr = "x".repeat(17 << 10);
    assert_eq!(
        send(&http, url.clone(), &large).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let html = http.get(collector.agents()).send().await.expect("an answer");
    assert_eq!(
        html.status(),
        StatusCode::NOT_FOUND,
        "the page is not for other hosts"
    );
}
