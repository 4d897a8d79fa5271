//! Where people may not be named: no answer, page, table or alert names them, and a name is told to who says why.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::Role;
use umbra_collector::names::Names;
use umbra_report::Observation;

use crate::browser::Browser;
use crate::made_up::{Spool, call};
use crate::policy::{apply, json as ask, of};
use crate::receiver::Receiver;
use crate::running::{Collector, eventually};
use crate::writes::person;

const NAME: &str = "zebedee";
const POLICY: &str = "version = 1\n[groups]\ntrial = [\"zebedee\"]\n[[sanction]]\nid = \"trial\"\nverdict = \"prohibited\"\n\
                      vendor = \"OpenAI\"\nuser = \"zebedee\"\nreason = \"zebedee was told\"\napprover = \"Ada\"\n";

/// A call of hers from her home.
fn hers() -> Observation {
    let mut call = call(NAME, "claude");
    call.caller.program.exe = Some("/home/zebedee/bin/claude".to_owned());
    call.caller.program.script = Some("/home/adam/bot.py".to_owned());
    call.caller.unit = Some("backup@zebedee.service".to_owned());
    call
}

/// Every page and answer tells the pseudonym in the place of the name, of which `row` is a row.
async fn no_answer_names_him(root: &Browser, row: &Value, pseudonym: &str) {
    let caller = format!("callers/{}", row["caller"]);
    let host = format!("hosts/{}", row["agent"].as_str().expect("an agent"));
    let user = format!("users/{pseudonym}");
    let inventory = root.get("inventory").await.text().await.expect("text");
    let boxes = inventory.split("name=\"use\" value=\"").skip(1);
    let chosen = boxes.map(|rest| format!("use={}", rest.split('"').next().expect("a value")));
    let decide = format!("decide?{}", chosen.collect::<Vec<_>>().join("&"));
    for path in [
        "inventory",
        "inventory/rows",
        "live",
        &caller,
        &host,
        &user,
        &decide,
        "vendors/OpenAI",
        "findings",
        "audit",
        "policy",
        "requests",
        "v1/inventory",
        "v1/findings",
        "v1/policy",
        "v1/requests",
        "v1/audit",
        "v1/questions/users-of-vendor?vendor=openai",
        "v1/questions/users-of-vendor?vendor=openai&format=csv",
        "v1/questions/decisions?vendor=openai",
        "v1/questions/decisions?vendor=openai&format=csv",
        "v1/questions/bytes-out?vendor=openai&format=csv",
    ] {
        let answer = root.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let text = answer.text().await.expect("text");
        // What a person wrote about the policy stays theirs to write: a reason.
        let text = if path.ends_with("policy")
            || path.starts_with("vendors/")
            || path.starts_with("callers/")
            || path.starts_with("decide?")
        {
            text.replace("zebedee was told", "")
        } else {
            text
        };
        assert!(
            !text.contains(NAME) && !text.contains("/home/adam"),
            "{path}: {text}"
        );
        assert!(
            text.contains(pseudonym),
            "{path} tells the same pseudonym: {text}"
        );
    }
    for path in [
        "",
        "v1/views",
        "policy/1",
        "account",
        "settings",
        "settings/routes",
        "settings/people",
        "settings/people/root",
        "settings/api-tokens",
        "settings/erase",
        "settings/catalogue",
    ] {
        let page = root.get(path).await;
        assert_eq!(page.status(), StatusCode::OK, "/{path}");
        let page = page.text().await.expect("text");
        assert!(
            !page.contains(NAME) && !page.contains("/home/adam"),
            "/{path}: {page}"
        );
    }
}

#[tokio::test]
async fn nobody_is_named_and_the_policy_holds_all_the_same() {
    let receiver = Receiver::anywhere(&[]).await;
    let collector = Collector::start_with(|settings| {
        settings.names = Names::Pseudonyms;
        settings.webhook = Some(receiver.url());
    })
    .await;
    let store = collector.store().await;
    apply(&store, POLICY, 0).await.expect("it is the first");
    collector
        .take(&Spool::of("web-1").report(vec![hers(), call("root", "curl")]))
        .await;
    let root = person(&collector, "root", Role::Admin).await;
    let wish = json!({"sanction": "more", "scope": {"user": NAME}, "data": "public", "reason": "Ticket 13"});
    let (status, said) = root.write(Method::POST, "v1/requests", &wish).await;
    assert_eq!(status, StatusCode::OK, "{said}");

    let inventory = ask(&collector, "v1/inventory").await;
    let rows = inventory["rows"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["program"] != "curl")
        .expect("hers")
        .clone();
    let pseudonym = row["user"]["name"].as_str().expect("a pseudonym").to_owned();
    assert!(pseudonym.starts_with("person-") && pseudonym.len() == 23, "{row}");
    assert_eq!(
        (&row["verdict"], &row["user"]["uid"], &row["exe"]),
        (
            &json!("prohibited"),
            &json!(u32::MAX),
            &json!(format!("/home/{pseudonym}/bin/claude"))
        )
    );
    assert_eq!(
        row["decision"]["scope"],
        format!("vendor OpenAI, user {pseudonym}")
    );
    assert_eq!(of(rows, "root")["program"], "curl", "which is nobody's name");

    no_answer_names_him(&root, &row, &pseudonym).await;
    let told = eventually("an alert", async || {
        receiver
            .calls()
            .into_iter()
            .map(|call| call.1)
            .find(|it| it["type"] == "prohibited_use")
    })
    .await;
    assert!(!told.to_string().contains(NAME), "{told}");
    assert_eq!(told["user"]["name"], pseudonym);

    // Nothing is found by what is hidden, neither by part of it nor by the number.
    let uid = call(NAME, "claude").caller.user.uid;
    for text in [NAME.to_owned(), "zebe".to_owned(), uid.to_string()] {
        let found = ask(&collector, &format!("v1/inventory?q={text}")).await;
        assert_eq!(found["rows"], json!([]), "{text}");
    }
    let found = ask(&collector, "v1/inventory?q=claude").await;
    assert_eq!(found["rows"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_name_is_told_with_a_reason_that_the_log_keeps() {
    let collector = Collector::start_with(|settings| settings.names = Names::Pseudonyms).await;
    collector.take(&Spool::of("web-1").report(vec![hers()])).await;
    let ada = person(&collector, "ada", Role::Approver).await;
    let inventory = ada.json("v1/inventory").await;
    let pseudonym = inventory["rows"][0]["user"]["name"].clone();
    let reveal = async |body: Value| ada.write(Method::POST, "v1/reveal", &body).await;
    let (status, said) = reveal(json!({"pseudonym": pseudonym, "reason": " "})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{said}");
    let unknown = json!({"pseudonym": "person-0000000000000000", "reason": "SEC-40"});
    assert_eq!(reveal(unknown).await.0, StatusCode::NOT_FOUND);
    let (status, said) = reveal(json!({"pseudonym": pseudonym, "reason": "SEC-40"})).await;
    assert_eq!((status, &said["name"]), (StatusCode::OK, &json!(NAME)));
    let log = ada.json("v1/audit?limit=1").await["entries"][0].clone();
    assert_eq!(
        (&log["action"], &log["actor"], &log["subject"]),
        (&json!("name_revealed"), &json!("ada"), &pseudonym)
    );
    assert!(
        log["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("SEC-40")),
        "{log}"
    );

    let plain = Collector::start().await;
    let root = person(&plain, "root", Role::Admin).await;
    let body = json!({"pseudonym": pseudonym, "reason": "SEC-40"});
    let (status, _) = root.write(Method::POST, "v1/reveal", &body).await;
    assert_eq!(status, StatusCode::CONFLICT);
}
