//! What agents are to run with: signed, by label, never an older decision after a newer one.

use jiff::Timestamp;
use reqwest::{Response, StatusCode, header};
use ring::signature::{ED25519, UnparsedPublicKey};
use umbra_collector::labels::{Label, Labels};
use umbra_collector::store::{Revision, Store};
use umbra_report::{Configuration, Enrolled, Running, SIGNED_CONTEXT, Settings, Signed};

use crate::enrolment::host::{Agent, DAY, by, labelling, start, store, token, trusting};
use crate::running::Collector;

fn label(text: &str) -> Label {
    text.parse().expect("a label")
}

fn revision(interval: u32) -> Revision {
    Revision {
        id: 0,
        published: Timestamp::now(),
        comment: "test".to_owned(),
        settings: Settings {
            interval_seconds: Some(interval),
            poll_seconds: None,
        },
        catalogue: Some("[[vendor]]\nname = \"Own\"\n".to_owned()),
    }
}

async fn publish(store: &Store, interval: u32, to: Option<&str>) -> u64 {
    let to = to.map(label);
    store
        .publish(&revision(interval), to.as_ref(), &by())
        .await
        .expect("the store")
}

/// An agent, and the key that it checks configurations with.
struct Host {
    agent: Agent,
    key: String,
}

impl Host {
    async fn new(collector: &Collector, name: &str, labels: &[&str]) -> Self {
        let labels: Labels = labels.iter().map(|text| label(text)).collect();
        let token = labelling(collector, DAY, 1, labels).await;
        let mut agent = Agent::new(collector, name).await;
        let enrolled: Enrolled = agent
            .ask(collector, &token)
            .await
            .json()
            .await
            .expect("a certificate");
        agent.take(collector, &enrolled).await;
        Self {
            agent,
            key: enrolled.configuration_key.expect("a key"),
        }
    }

    async fn ask(&self, collector: &Collector, known: Option<&str>) -> Response {
        let mut request = self.agent.http.get(format!("{}v1/config", collector.agents()));
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        request.send().await.expect("an answer")
    }

    /// What it is to run, its signature checked, and the answer's tag.
    async fn get(&self, collector: &Collector) -> (Configuration, String) {
        let answer = self.ask(collector, None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let tag = answer.headers()[header::ETAG].to_str().expect("text").to_owned();
        let signed: Signed = answer.json().await.expect("JSON");
        let bytes = |text: &str| -> Vec<u8> {
            let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("digits");
            (0..text.len()).step_by(2).map(digits).collect()
        };
        let message = [SIGNED_CONTEXT, signed.configuration.as_bytes()].concat();
        UnparsedPublicKey::new(&ED25519, bytes(&self.key))
            .verify(&message, &bytes(&signed.signature))
            .expect("a good signature");
        let configuration = serde_json::from_str(&signed.configuration).expect("a configuration");
        (configuration, tag)
    }
}

#[tokio::test]
async fn a_configuration_goes_out_by_label_then_to_all_and_back() {
    let collector = start().await;
    let store = store(&collector).await;
    let first = Host::new(&collector, "first", &["ring=first", "site=ams"]).await;
    let other = Host::new(&collector, "other", &["ring=last"]).await;
    assert_eq!(first.ask(&collector, None).await.status(), StatusCode::NO_CONTENT);

    let one = publish(&store, 10, Some("ring=first")).await;
    let (begun, tag) = first.get(&collector).await;
    assert_eq!((begun.revision, begun.settings.interval_seconds), (one, Some(10)));
    assert!(begun.catalogue.is_some());
    assert_eq!(
        first.ask(&collector, Some(&tag)).await.status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(other.ask(&collector, None).await.status(), StatusCode::NO_CONTENT);

    // To all; then one label ahead, and back: what was decided last counts, and its number rises.
    assert!(store.roll_out(one, None, &by()).await.expect("the store"));
    let (all, _) = other.get(&collector).await;
    assert_eq!(all.revision, one);
    let two = publish(&store, 20, Some("site=ams")).await;
    let (ahead, _) = first.get(&collector).await;
    assert_eq!(
        (ahead.revision, other.get(&collector).await.0.revision),
        (two, one)
    );
    assert!(store.roll_out(one, None, &by()).await.expect("the store"));
    let (back, _) = first.get(&collector).await;
    assert_eq!(back.revision, one);
    assert!(begun.serial < all.serial && all.serial < ahead.serial && ahead.serial < back.serial);
    assert_eq!(
        first.ask(&collector, Some(&tag)).await.status(),
        StatusCode::OK,
        "the tag is that of a decision"
    );
    assert!(!store.roll_out(99, None, &by()).await.expect("the store"));

    // A host that loses its label goes back to what all run, and its number still rises.
    let three = publish(&store, 30, Some("ring=first")).await;
    let (with, _) = first.get(&collector).await;
    assert_eq!(with.revision, three);
    let id = first.agent.spool.agent.id;
    assert!(
        store
            .label(id, &Labels::default(), &by())
            .await
            .expect("the store")
    );
    let (without, _) = first.get(&collector).await;
    assert_eq!(without.revision, one);
    assert!(without.serial > with.serial);

    // The key stays, and with it the signatures.
    let collector = collector.restart().await;
    assert_eq!(other.get(&collector).await.0.revision, one);
}

#[tokio::test]
async fn what_agents_run_is_known_and_nobody_else_is_told_what_they_should() {
    let collector = start().await;
    let store = store(&collector).await;
    let mut host = Host::new(&collector, "host", &[]).await;
    let one = publish(&store, 10, None).await;
    let (given, _) = host.get(&collector).await;
    host.agent.spool.status.configuration = Some(Running {
        serial: given.serial,
        revision: given.revision,
        refused: Some("the catalogue is\u{202e} wrong".to_owned()),
    });
    assert_eq!(host.agent.report(&collector).await.status(), StatusCode::OK);
    assert_eq!(store.running().await.expect("the store"), [(one, 1, 1)]);
    let refusals = store.refusals(10).await.expect("the store");
    assert_eq!(
        refusals,
        [("host".to_owned(), "the catalogue is\u{fffd} wrong".to_owned())]
    );
    let enrolments = store
        .enrolments(std::time::Duration::from_mins(1))
        .await
        .expect("the store");
    assert_eq!(enrolments[0].configuration, Some(one));

    let url = format!("{}v1/config", collector.agents());
    let stranger = trusting(&collector, None).await.get(&url).send().await;
    assert_eq!(stranger.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let shut_out = Agent::enrolled(&collector, "gone", &token(&collector, DAY, 1).await).await;
    let decision = umbra_collector::store::Decision::Revoke;
    let id = shut_out.spool.agent.id;
    assert!(store.decide(id, decision, &by()).await.expect("the store"));
    let answer = shut_out.http.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn decisions_are_bounded_and_the_last_ones_stay() {
    let collector = start().await;
    let store = store(&collector).await;
    let kept = publish(&store, 10, Some("ring=first")).await;
    for _ in 0..210 {
        publish(&store, 20, None).await;
        publish(&store, 30, Some("ring=first")).await;
    }
    let revisions = store.revisions().await.expect("the store");
    assert_eq!(revisions.len(), 200);
    assert!(revisions.iter().all(|revision| revision.id > kept));
    assert_eq!(store.rollouts().await.expect("the store").len(), 2);
}
