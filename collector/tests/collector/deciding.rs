//! Many rows of the inventory at once, in a browser: asked for all or none, or decided by a policy that is looked at first.

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use umbra_collector::access::{Role, Scope};
use umbra_collector::names::Names;
use umbra_collector::store::NewAccount;

use crate::browser::{Browser, by};
use crate::finding_pages::{html, logged_in};
use crate::made_up::{Spool, call};
use crate::policy::{apply, json as ask, of};
use crate::running::Collector;
use crate::scopes::fleet;
use crate::writes::person;

/// A sanction that has a name already.
const POLICY: &str = "version = 1\n[[sanction]]\nid = \"bot-openai\"\nverdict = \"prohibited\"\nvendor = \"Cohere\"\n\
                      reason = \"No contract\"\napprover = \"Ada\"\n";

/// `claude` of two people, and `bot` of one.
async fn three() -> Collector {
    let collector = Collector::start().await;
    let calls = vec![call("alice", "claude"), call("bob", "claude"), call("bob", "bot")];
    collector.take(&Spool::of("web-1").report(calls)).await;
    collector
}

/// The numbers of the rows that the page offers to choose.
async fn offered(browser: &Browser) -> Vec<String> {
    let page = html(browser, "inventory").await;
    let boxes = page.split("name=\"use\" value=\"").skip(1);
    let number = |rest: &str| rest.split('"').next().expect("a value").to_owned();
    boxes.map(number).collect()
}

/// The page about these rows.
fn about(uses: &[String]) -> String {
    let uses: Vec<String> = uses.iter().map(|number| format!("use={number}")).collect();
    format!("decide?{}", uses.join("&"))
}

fn fields<'a>(csrf: &'a str, action: &'a str, data: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("csrf", csrf),
        ("action", action),
        ("data", data),
        ("reason", "The <trial>"),
        ("until", "2099-01-01"),
    ]
}

async fn pending(collector: &Collector) -> Vec<(String, Value)> {
    let answer = ask(collector, "v1/requests?state=pending").await;
    let requests = answer["requests"].as_array().expect("requests").iter();
    let mut pending: Vec<_> = requests
        .map(|it| {
            (
                it["sanction"].as_str().expect("a name").to_owned(),
                it["scope"].clone(),
            )
        })
        .collect();
    pending.sort_by(|one, other| one.0.cmp(&other.0));
    pending
}

#[tokio::test]
async fn many_are_asked_for_with_one_reason_or_none_is() {
    let collector = three().await;
    let mut eve = logged_in(&collector, "eve", Role::Analyst).await;
    let uses = offered(&eve).await;
    assert_eq!(uses.len(), 3, "{uses:?}");
    let path = about(&uses);
    let page = html(&eve, &path).await;
    for part in [
        "Decide on 3 rows",
        "<code>claude-openai</code>",
        "<code>bot-openai</code>",
        "Ask for sanctions",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("Prohibit now"), "an analyst asks: {page}");

    // What was typed stays, and nothing is done.
    let csrf = eve.csrf().await;
    for (action, until, status, why) in [
        ("ask", "1999-01-01", StatusCode::CONFLICT, "so none of them"),
        ("ask", "soon", StatusCode::BAD_REQUEST, "is not one such as"),
        ("prohibit", "", StatusCode::FORBIDDEN, "takes the role approver"),
    ] {
        let mut typed = fields(&csrf, action, "confidential");
        typed[4].1 = until;
        let answer = eve.send(&path, &typed).await;
        assert_eq!(answer.status(), status, "{why}");
        let page = answer.text().await.expect("HTML");
        for part in [why, "<option selected>confidential", "The &#60;trial&#62;"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
    let gone = format!("{path}&use=999");
    let answer = eve.send(&gone, &fields(&csrf, "ask", "internal")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(pending(&collector).await, []);

    let answer = eve.send(&path, &fields(&csrf, "ask", "confidential")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let there = answer.headers()[LOCATION]
        .to_str()
        .expect("an address")
        .to_owned();
    let page = html(&eve, &there).await;
    assert!(
        page.contains("href=\"/requests/2\"") && page.contains("wait for a decision"),
        "{page}"
    );
    let scope = |program| json!({"vendor": "OpenAI", "program": program});
    assert_eq!(
        pending(&collector).await,
        [
            ("bot-openai".to_owned(), scope("bot")),
            ("claude-openai".to_owned(), scope("claude"))
        ]
    );

    // Again, for the users alone: other names, and one for each user.
    let mut mine = fields(&csrf, "ask", "internal").to_vec();
    mine.push(("mine", "yes"));
    assert_eq!(eve.send(&path, &mine).await.status(), StatusCode::SEE_OTHER);
    let names: Vec<String> = pending(&collector).await.into_iter().map(|it| it.0).collect();
    assert_eq!(
        names,
        [
            "bot-openai",
            "bot-openai-2",
            "claude-openai",
            "claude-openai-2",
            "claude-openai-3"
        ]
    );
    // Each is in the log with the reason, and two people must agree on the first two.
    let log = ask(&collector, "v1/audit").await;
    let made = log["entries"].as_array().expect("entries").iter();
    let made = made.filter(|entry| entry["action"] == "request_created" && entry["actor"] == "eve");
    assert_eq!(made.count(), 5);
}

#[tokio::test]
async fn what_is_prohibited_on_many_is_looked_at_first() {
    let collector = three().await;
    let store = collector.store().await;
    apply(&store, POLICY, 0).await.expect("it is the first");
    store.close().await;
    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    let path = about(&offered(&ada).await);
    let csrf = ada.csrf().await;
    // Such data takes two people, here as everywhere.
    let answer = ada.send(&path, &fields(&csrf, "sanction", "restricted")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.expect("HTML");
    assert!(page.contains("Restricted data takes two people"), "{page}");

    let answer = ada.send(&path, &fields(&csrf, "prohibit", "internal")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let plan = answer.text().await.expect("HTML");
    for part in [
        "What it would change",
        "unreviewed → <b>prohibited</b>",
        "id = &#34;bot-openai-2&#34;",
        "value=\"The &#60;trial&#62;\"",
        "Put it in force",
    ] {
        assert!(plan.contains(part), "{part} is not in {plan}");
    }
    assert_eq!(
        ask(&collector, "v1/policy").await["version"]["version"],
        1,
        "a plan changes nothing"
    );
    let text = between(&plan, "aria-describedby=\"policy-rule\">", "</textarea>");
    let (planned, against) = (
        between(&plan, "name=\"planned\" value=\"", "\""),
        between(&plan, "name=\"against\" value=\"", "\""),
    );
    let apply = [
        ("csrf", csrf.as_str()),
        ("policy", &text),
        ("planned", &planned),
        ("against", &against),
        ("comment", "Not now"),
        ("action", "apply"),
    ];
    let answer = ada.send("policy/draft", &apply).await;
    assert_eq!(
        answer.status(),
        StatusCode::SEE_OTHER,
        "{:?}",
        answer.text().await
    );
    let rows = collector.rows().await;
    assert!(rows.iter().all(|row| row["verdict"] == "prohibited"), "{rows:?}");
    let row = of(&rows, "alice");
    assert_eq!(
        (&row["decision"]["sanction"], &row["decision"]["approver"]),
        (&json!("claude-openai"), &json!("ada"))
    );

    // What would contradict it is refused whole, and the sentence names it.
    let answer = ada.send(&path, &fields(&csrf, "sanction", "internal")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.expect("HTML");
    assert!(
        page.contains("and so none of them") && page.contains("claude-openai says prohibited"),
        "{page}"
    );
}

/// What stands between two texts of a page, as a browser reads it.
fn between(page: &str, begin: &str, end: &str) -> String {
    let rest = page.split(begin).nth(1).expect(begin);
    let text = rest.split(end).next().expect(end);
    text.replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}

#[tokio::test]
async fn what_is_not_seen_is_not_chosen() {
    let (collector, _agents) = fleet().await;
    let everything = logged_in(&collector, "ada", Role::Approver).await;
    let all = offered(&everything).await;
    let store = collector.store().await;
    let web: Scope = ["team=web".parse().expect("a label")].into_iter().collect();
    let new = NewAccount {
        name: "wanda",
        password: "-",
        role: Role::Analyst,
        scope: &web,
    };
    store
        .create_account(&new, &by())
        .await
        .expect("the store")
        .expect("an account");
    let secret = store.log_in("wanda", "127.0.0.1", jiff::Timestamp::now()).await;
    store.close().await;
    let mut wanda = Browser::with(&collector, &secret.expect("the store").expect("a session"));
    let seen = offered(&wanda).await;
    assert!(seen.len() == 3 && all.len() == 7, "{seen:?} of {all:?}");
    let page = html(&wanda, &about(&all)).await;
    assert!(page.contains("4 of the chosen rows are not there"), "{page}");
    for other in ["dora", "pgbot", "fred", "freebot", "db-1"] {
        assert!(!page.contains(other), "{other} is in {page}");
    }
    let csrf = wanda.csrf().await;
    let answer = wanda.send(&about(&all), &fields(&csrf, "ask", "internal")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let answer = wanda.send(&about(&seen), &fields(&csrf, "ask", "internal")).await;
    let there = answer.headers()[LOCATION]
        .to_str()
        .expect("an address")
        .to_owned();
    assert!(
        html(&wanda, &there).await.contains("Requests 1, 2 wait"),
        "without a link to what is not for them"
    );
}

#[tokio::test]
async fn a_choice_is_of_numbers_and_not_too_many() {
    let collector = three().await;
    let eve = logged_in(&collector, "eve", Role::Analyst).await;
    assert!(html(&eve, "decide").await.contains("No row is chosen."));
    assert!(
        html(&eve, "decide?use=999")
            .await
            .contains("None of the chosen rows is there.")
    );
    let many: Vec<String> = (1..=51).map(|number: u32| number.to_string()).collect();
    for path in ["decide?use=x", &about(&many)] {
        assert_eq!(eve.get(path).await.status(), StatusCode::BAD_REQUEST, "{path}");
    }
    // A full page of long names is no heavier than one may be, with a box in each row, its style and its script.
    let calls = (0..60).map(|number| {
        let mut call = call(
            "alexandra.maria.montgomery",
            &format!("python3 ~/projects/support-desk/tool-{number}.py"),
        );
        call.caller.program.exe = Some("/opt/python/3.13/bin/python3.13".to_owned());
        call.caller.program.script = Some(format!("/home/alexandra/projects/support-desk/tool-{number}.py"));
        call.caller.unit = Some("support-desk-summaries.service".to_owned());
        call.origin = Some(umbra_report::Origin {
            kind: umbra_report::OriginKind::Ssh,
            peer: Some("2001:db8:4f:11::1d2".parse().expect("an address")),
            ..umbra_report::Origin::default()
        });
        call
    });
    let mut spool = Spool::of("support-desk-2.frankfurt.corp.example");
    collector.take(&spool.report(calls.collect())).await;
    let page = html(&eve, "inventory").await;
    assert_eq!(page.matches("name=\"use\"").count(), 30);
    let mut weight = page.len();
    for asset in ["page.css", "page.js", "icon.svg"] {
        assert!(page.contains(asset), "{asset}");
        weight += html(&eve, &format!("assets/{asset}")).await.len();
    }
    assert!(weight < 100 << 10, "{weight} bytes");
    println!("a full page of the inventory has {weight} bytes");
    let vera = logged_in(&collector, "vera", Role::Viewer).await;
    assert_eq!(offered(&vera).await, Vec::<String>::new());
    assert_eq!(vera.get("decide?use=1").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_batch_of_requests_is_made_whole_or_not_at_all() {
    let collector = three().await;
    let eve = person(&collector, "eve", Role::Analyst).await;
    let wish = |id: &str, vendor: &str| {
        let data = if vendor == "Mistral AI" {
            "made-up"
        } else {
            "internal"
        };
        json!({"sanction": id, "scope": {"vendor": vendor}, "data": data, "reason": "Ticket 13"})
    };
    let batch = async |requests: Vec<Value>| {
        let body = json!({ "requests": requests });
        eve.write(Method::POST, "v1/requests/batch", &body).await
    };
    for (requests, status, why) in [
        (vec![], StatusCode::BAD_REQUEST, "at least one"),
        (
            vec![wish("a", "OpenAI"); 51],
            StatusCode::BAD_REQUEST,
            "at most 50",
        ),
        (
            vec![wish("a", "OpenAI"), wish("B", "Anthropic")],
            StatusCode::BAD_REQUEST,
            "B, and so none of them",
        ),
        (
            vec![wish("a", "OpenAI"), wish("b", "Anthropic"), wish("a", "Cohere")],
            StatusCode::CONFLICT,
            "a, and so none of them",
        ),
        (
            vec![wish("a", "OpenAI"), wish("b", "Mistral AI"), wish("c", "Cohere")],
            StatusCode::CONFLICT,
            "b, and so none of them",
        ),
    ] {
        let (got, said) = batch(requests).await;
        assert_eq!(got, status, "{said}");
        assert!(
            said["error"].as_str().is_some_and(|error| error.contains(why)),
            "{why}: {said}"
        );
    }
    assert_eq!(pending(&collector).await, []);
    let (status, said) = batch(vec![wish("a", "OpenAI"), wish("b", "Anthropic")]).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(
        said["requests"][1],
        json!({"request": 2, "state": "pending", "actor": "eve", "policy": null})
    );
    assert_eq!(pending(&collector).await.len(), 2);
}

#[tokio::test]
async fn nobody_is_named_where_nobody_may_be() {
    let collector = Collector::start_with(|settings| settings.names = Names::Pseudonyms).await;
    let mut hers = call("zebedee", "claude");
    hers.caller.program.name = "/home/zebedee/bin/claude".to_owned();
    collector.take(&Spool::of("web-1").report(vec![hers])).await;
    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    let path = about(&offered(&ada).await);
    let page = html(&ada, &path).await;
    assert!(page.contains("person-") && !page.contains("zebedee"), "{page}");
    assert!(
        page.contains("names nobody on its pages") && !page.contains("Prohibit now"),
        "{page}"
    );
    let csrf = ada.csrf().await;
    let answer = ada.send(&path, &fields(&csrf, "prohibit", "internal")).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!answer.text().await.expect("HTML").contains("zebedee"));
    // The policy is about her all the same.
    let mut mine = fields(&csrf, "ask", "internal").to_vec();
    mine.push(("mine", "yes"));
    assert_eq!(ada.send(&path, &mine).await.status(), StatusCode::SEE_OTHER);
    let approve = [("csrf", csrf.as_str()), ("decision", "approve")];
    assert_eq!(
        ada.send("requests/1/decide", &approve).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(collector.rows().await[0]["verdict"], "sanctioned");
}
