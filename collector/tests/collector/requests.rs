//! Asking, approving and refusing: what becomes of the policy, who may, and what the audit log says a year later.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use umbra_catalog::Catalogue;
use umbra_collector::store::{By, RequestError, Store};
use umbra_policy::{DataClass, File, Pattern, Sanction, Scope, Verdict};

use crate::made_up::{Spool, call};
use crate::policy::{POLICY, apply, json as ask, of};
use crate::running::Collector;

/// Whoever asks does so in the approver's place.
fn wish(id: &str, user: &str, data: &str) -> Sanction {
    Sanction {
        id: id.to_owned(),
        verdict: Verdict::Sanctioned,
        scope: Scope {
            vendor: Some("openai".to_owned()),
            user: Pattern::try_from(user.to_owned()).ok(),
            ..Scope::default()
        },
        data: Some(DataClass::from(data.to_owned())),
        reason: "The trial of \"ticket 13\"".to_owned(),
        approver: "somebody".to_owned(),
        expires: None,
        ticket: Some("https://tickets.example/13".to_owned()),
    }
}

fn by(actor: &str) -> By<'_> {
    By {
        actor,
        time: Timestamp::now(),
    }
}

async fn create(store: &Store, wish: &Sanction) -> i64 {
    store.create_request(wish, &by("eve")).await.expect("a request")
}

async fn refused<T: std::fmt::Debug>(done: impl Future<Output = Result<T, RequestError>>) -> String {
    done.await.expect_err("it may not be").to_string()
}

async fn actions(collector: &Collector) -> Vec<(String, String)> {
    let log = ask(collector, "v1/audit").await;
    let entries = log["entries"].as_array().expect("entries").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    entries
        .map(|entry| (text(&entry["action"]), text(&entry["actor"])))
        // How the tests ask.
        .filter(|(action, _)| action != "api_token_created")
        .collect()
}

#[tokio::test]
async fn an_approval_puts_what_was_asked_for_in_force_and_keeps_the_file_as_it_was() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    apply(&store, POLICY, 0).await.expect("it is the first");
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    assert_eq!(of(&collector.rows().await, "adam")["verdict"], "prohibited");

    let id = create(&store, &wish("adam", "adam", "internal")).await;
    let pending = ask(&collector, "v1/requests?state=pending").await;
    assert_eq!(
        pending["requests"],
        json!([{
            "request": id, "state": "pending", "requester": "eve", "created": pending["requests"][0]["created"],
            "sanction": "adam", "scope": {"vendor": "openai", "user": "adam"}, "data": "internal",
            "reason": "The trial of \"ticket 13\"", "expires": null, "ticket": "https://tickets.example/13",
            "settled": null, "policy": null,
        }])
    );
    assert_eq!(
        of(&collector.rows().await, "adam")["verdict"],
        "prohibited",
        "to ask changes nothing"
    );

    // Internal data take one person, who may be the same.
    let version = store
        .approve_request(id, Some(1), "Until the audit", &by("eve"))
        .await;
    assert_eq!(version.expect("it may be"), 2);
    let row = of(&collector.rows().await, "adam").clone();
    assert_eq!(
        (
            &row["verdict"],
            &row["decision"]["sanction"],
            &row["decision"]["approver"]
        ),
        (&"sanctioned".into(), &"adam".into(), &"eve".into())
    );
    let text = store.policy_text(2).await.expect("the store").expect("a file");
    assert!(text.starts_with(POLICY), "{text}");
    let file = File::parse(&text, &Catalogue::builtin(), Timestamp::now()).expect("it can be applied");
    assert_eq!(file.sanctions.last().map(|last| last.id.as_str()), Some("adam"));
    assert_eq!(
        store.requested().await.expect("the store"),
        [("adam".to_owned(), id)].into()
    );
    let approved = ask(&collector, "v1/requests").await["requests"][0].clone();
    assert_eq!(
        (
            &approved["state"],
            &approved["policy"],
            &approved["settled"]["actor"]
        ),
        (&"approved".into(), &2.into(), &"eve".into())
    );
    let versions = ask(&collector, "v1/policy/versions").await;
    assert_eq!(
        versions["versions"][0]["comment"],
        format!("request {id}: The trial of \"ticket 13\"")
    );
    let entry = |action: &str, actor: &str| (action.to_owned(), actor.to_owned());
    assert_eq!(
        actions(&collector).await,
        [
            entry("request_approved", "eve"),
            entry("policy_applied", "eve"),
            entry("request_created", "eve"),
            entry("policy_applied", "ada"),
        ]
    );
    assert!(store.verify_audit(None).await.expect("the store").is_ok());
}

#[tokio::test]
async fn confidential_and_restricted_data_take_a_second_person() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    for (number, class) in ["confidential", "restricted"].into_iter().enumerate() {
        let id = create(&store, &wish(class, class, class)).await;
        for same in ["eve", " Eve ", "EVE"] {
            let said = refused(store.approve_request(id, None, "", &by(same))).await;
            assert_eq!(
                said,
                format!(
                    "eve made request {id}, and {class} data takes a second person: have somebody else approve it"
                )
            );
        }
        assert_eq!(
            store.policy_version().await.expect("the store"),
            number as u64,
            "nothing was changed"
        );
        let done = store.approve_request(id, None, "", &by("ada")).await;
        assert_eq!(done.expect("another person"), number as u64 + 1);
    }
}

#[tokio::test]
async fn a_class_of_ones_own_takes_two_unless_the_policy_says_one() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let text = "version = 1\nown_classes = [\"patient\", \"marketing\"]\nsingle_approval = [\"marketing\"]\n";
    apply(&store, text, 0).await.expect("it is the first");
    let patient = create(&store, &wish("patient", "adam", "patient")).await;
    let marketing = create(&store, &wish("marketing", "ada", "marketing")).await;
    let said = refused(store.approve_request(patient, None, "", &by("eve"))).await;
    assert!(said.contains("patient data takes a second person"), "{said}");
    let done = store.approve_request(marketing, None, "", &by("eve")).await;
    assert_eq!(done.expect("one person"), 2);
}

#[tokio::test]
async fn a_request_is_decided_once() {
    let collector = Collector::start().await;
    let (one, other) = (collector.store().await, collector.store().await);
    let id = create(&one, &wish("adam", "adam", "internal")).await;
    let (ada, bea) = (by("ada"), by("bea"));
    let (approved, refusal) = tokio::join!(
        one.approve_request(id, None, "", &ada),
        other.refuse_request(id, "No contract", &bea)
    );
    let state = match (approved, refusal) {
        (Ok(1), Err(RequestError::Settled { state, .. }))
        | (Err(RequestError::Settled { state, .. }), Ok(())) => state,
        both => panic!("{both:?}"),
    };
    let version = one.policy_version().await.expect("the store");
    assert_eq!(version == 1, state.as_str() == "approved", "both or neither");
    for done in [
        refused(one.refuse_request(id, "", &ada)).await,
        refused(one.withdraw_request(id, "", &by("eve"))).await,
        refused(one.approve_request(id, None, "", &ada)).await,
    ] {
        assert_eq!(
            done,
            format!("request {id} is {state} already; make another one if it is to be decided anew")
        );
    }
    let said = refused(one.refuse_request(id + 1, "", &ada)).await;
    assert!(
        said.starts_with(&format!("there is no request {}", id + 1)),
        "{said}"
    );
}

#[tokio::test]
async fn only_whoever_asked_takes_it_back() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let id = create(&store, &wish("adam", "adam", "internal")).await;
    let said = refused(store.withdraw_request(id, "", &by("ada"))).await;
    assert_eq!(
        said,
        format!("eve made request {id}, and may withdraw it alone; `refuse` says no to it")
    );
    store
        .withdraw_request(id, "Not needed", &by("eve"))
        .await
        .expect("it is hers");
    assert_eq!(
        ask(&collector, "v1/requests").await["requests"][0]["settled"]["reason"],
        "Not needed"
    );
    assert_eq!(store.policy_version().await.expect("the store"), 0);
}

#[tokio::test]
async fn what_cannot_stand_in_the_policy_is_not_asked_for() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    apply(&store, POLICY, 0).await.expect("it is the first");
    let past = Timestamp::now() - SignedDuration::from_secs(1);
    for (wish, why) in [
        (
            wish("openai", "adam", "internal"),
            "openai is the id of a sanction in line",
        ),
        (wish("adam", "adam", "secret"), "`data` is secret"),
        (
            Sanction {
                scope: Scope {
                    user: None,
                    ..wish("all", "x", "public").scope
                },
                ..wish("all", "x", "public")
            },
            "all says sanctioned and openai says prohibited about the same",
        ),
        (
            Sanction {
                expires: Some(past),
                ..wish("adam", "adam", "internal")
            },
            "it would have ended at",
        ),
    ] {
        let said = refused(store.create_request(&wish, &by("eve"))).await;
        assert!(said.contains(why), "{said}");
    }
    // What was right when it was asked for may not be by now.
    let id = create(&store, &wish("adam", "adam", "internal")).await;
    let more = File::with(POLICY, &wish("adam", "adam", "public"));
    apply(&store, &more, 1).await.expect("the second");
    let said = refused(store.approve_request(id, None, "", &by("ada"))).await;
    assert!(
        said.starts_with("it cannot stand in the policy beside version 2: "),
        "{said}"
    );
    let late = refused(store.approve_request(id, Some(1), "", &by("ada"))).await;
    assert_eq!(
        late,
        "the policy is at version 2 by now, and this was planned against version 1: plan again"
    );
    assert_eq!(
        ask(&collector, "v1/requests").await["requests"][0]["state"],
        "pending"
    );
}

#[tokio::test]
async fn after_its_end_the_caller_is_unreviewed_again() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    let mut spool = Spool::of("web-1");
    let end = Timestamp::now() + SignedDuration::from_secs(3);
    let id = store
        .create_request(
            &Sanction {
                expires: Some(end),
                ..wish("adam", "adam", "internal")
            },
            &by("eve"),
        )
        .await
        .expect("a request");
    store
        .approve_request(id, None, "", &by("ada"))
        .await
        .expect("it may be");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    let verdict = async || of(&collector.rows().await, "adam")["verdict"].clone();
    if Timestamp::now() < end - SignedDuration::from_secs(1) {
        assert_eq!(verdict().await, "sanctioned");
    }
    tokio::time::sleep(std::time::Duration::from_millis(3_100)).await;
    assert_eq!(verdict().await, "unreviewed");
    collector.take(&spool.report(vec![call("adam", "claude")])).await;
    let found = ask(&collector, "v1/findings").await;
    assert_eq!(
        found["findings"][0]["kind"], "new_caller",
        "what goes on without a sanction is found"
    );
}
