//! What goes past the way that the organisation has approved: its egress, and its own plan of a product.

use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_collector::findings::FindingState;
use umbra_collector::store::{By, FindingDecision, Store};
use umbra_report::{Evidence, Observation, Route};

use crate::made_up::{Spool, ago, call};
use crate::policy::apply;
use crate::running::Collector;
use crate::standing::{becomes, busy, findings};

const EGRESS: &str = r#"
version = 1

[[egress]]
id = "gateway"
vendors = ["OpenAI"]
via = ["10.1.2.3:3128"]
direct = [{ unit = "litellm.service" }]
reason = "Keys are kept there"
approver = "Ada Example"
"#;

fn via(user: &str, program: &str, proxy: &str) -> Observation {
    Observation {
        route: Some(Route::through(proxy.parse().ok())),
        ..call(user, program)
    }
}

async fn decide(store: &Store, finding: i64, state: FindingState, time: Timestamp) {
    let decision = FindingDecision {
        state,
        until: None,
        reason: "It was a test",
    };
    let by = By { actor: "ada", time };
    assert!(
        store
            .decide_finding(finding, &decision, &by)
            .await
            .expect("the store")
    );
}

#[tokio::test]
async fn only_what_is_known_to_go_another_way_is_a_bypass() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    apply(&collector.store().await, EGRESS, 0)
        .await
        .expect("the first");
    let mut spool = Spool::of("web-1");
    let mut gateway = call("root", "litellm");
    gateway.caller.unit = Some("litellm.service".to_owned());
    let mut older = call("eve", "claude");
    older.route = None;
    let mut content = call("eve", "claude");
    content.kind = Kind::Cdn;
    let mut metrics = call("eve", "claude");
    metrics.kind = Kind::Telemetry;
    let mut address = call("eve", "claude");
    address.evidence = Evidence::Ip;
    let mut elsewhere = call("eve", "claude");
    elsewhere.vendor = "Anthropic".to_owned();
    let fine = vec![
        via("eve", "claude", "10.1.2.3:3128"),
        gateway,
        older,
        content,
        metrics,
        address,
        elsewhere,
    ];
    collector.take(&spool.report(fine)).await;
    let all = findings(&collector).await;
    assert!(
        all.iter().all(|finding| finding["kind"] == "new_caller"),
        "{all:?}"
    );

    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    let raised = becomes(&collector, "gateway_bypass", "open").await;
    assert_eq!(
        raised["explanation"],
        "claude reaches OpenAI directly, and gateway wants it to go through 10.1.2.3:3128: eve on web-1 asked for \
         api.openai.com"
    );
    assert_eq!(
        (&raised["severity"], &raised["policy"]),
        (&"high".into(), &1.into())
    );
    let facts = &raised["facts"]["bypass"];
    assert_eq!(
        (&facts["egress"], &facts["direct"]),
        (&"gateway".into(), &true.into())
    );
    collector
        .take(&Spool::of("web-2").report(vec![call("adam", "claude")]))
        .await;
    becomes(&collector, "gateway_bypass", "open").await;
}

#[tokio::test]
async fn another_proxy_is_one_and_comes_back_after_it_was_resolved_until_the_rule_goes() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    let store = collector.store().await;
    apply(&store, EGRESS, 0).await.expect("the first");
    let mut spool = Spool::of("web-1");
    let around = || vec![via("eve", "curl", "127.0.0.1:8080")];
    collector.take(&spool.report(around())).await;
    let raised = becomes(&collector, "gateway_bypass", "open").await;
    let said = raised["explanation"].as_str().expect("a sentence");
    assert!(
        said.starts_with("curl reaches OpenAI through 127.0.0.1:8080, and gateway"),
        "{said}"
    );
    let finding = raised["finding"].as_i64().expect("a number");

    // A call is 40 s old: one that was resolved after it says nothing new.
    decide(&store, finding, FindingState::Resolved, ago(10)).await;
    collector.take(&spool.report(around())).await;
    becomes(&collector, "gateway_bypass", "resolved").await;
    decide(&store, finding, FindingState::Resolved, ago(100)).await;
    collector.take(&spool.report(around())).await;
    becomes(&collector, "gateway_bypass", "open").await;
    decide(&store, finding, FindingState::FalseAlarm, ago(100)).await;
    collector.take(&spool.report(around())).await;
    becomes(&collector, "gateway_bypass", "false_alarm").await;

    decide(&store, finding, FindingState::Open, ago(0)).await;
    let wider = EGRESS.replace("10.1.2.3:3128\"", "10.1.2.3:3128\", \"127.0.0.0/8\"");
    apply(&store, &wider, 1).await.expect("the second");
    let closed = becomes(&collector, "gateway_bypass", "resolved").await;
    assert_eq!(
        closed["decided"]["reason"],
        "no egress rule is against it, policy version 2"
    );
    assert_eq!(closed["decided"]["actor"], "umbra-collector");
    apply(&store, EGRESS, 2).await.expect("the third");
    collector.take(&spool.report(around())).await;
    let again = becomes(&collector, "gateway_bypass", "open").await;
    assert_eq!(again["finding"], finding, "never two of the same");
}

const PLAN: &str = r#"
version = 1

[[plan]]
id = "copilot"
vendor = "GitHub Copilot"
plan = "business"
reason = "Contract 7"
approver = "Ada Example"

[[sanction]]
id = "github"
verdict = "sanctioned"
vendor = "GitHub"
data = "internal"
reason = "Contract 7"
approver = "Ada Example"
"#;

fn copilot(plan: &str) -> Observation {
    Observation {
        vendor: "GitHub".to_owned(),
        service: format!("GitHub Copilot {plan}"),
        kind: Kind::CodingAssistant,
        name: format!("api.{}.githubcopilot.com", plan.to_ascii_lowercase()),
        ..call("eve", "code")
    }
}

#[tokio::test]
async fn a_personal_plan_is_one_where_the_organisation_has_its_own() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    let store = collector.store().await;
    apply(&store, PLAN, 0).await.expect("the first");
    let mut spool = Spool::of("web-1");
    let telemetry = Observation {
        kind: Kind::Telemetry,
        ..copilot("Individual")
    };
    let address = Observation {
        evidence: Evidence::Ip,
        ..copilot("Individual")
    };
    collector
        .take(&spool.report(vec![copilot("Business"), telemetry, address]))
        .await;
    assert_eq!(findings(&collector).await.len(), 0);

    collector.take(&spool.report(vec![copilot("Individual")])).await;
    let raised = becomes(&collector, "personal_plan", "open").await;
    assert_eq!(
        raised["explanation"],
        "code uses GitHub Copilot Individual, a personal plan, and by copilot the organisation has business of GitHub: \
         eve on web-1 asked for api.individual.githubcopilot.com"
    );
    assert_eq!(
        (&raised["severity"], &raised["sanction"]),
        (&"high".into(), &"github".into())
    );
    collector.take(&spool.report(vec![copilot("Individual")])).await;
    assert_eq!(findings(&collector).await.len(), 1);

    // Somebody means that very service.
    let meant = format!(
        "{PLAN}\n[[sanction]]\nid = \"eve\"\nverdict = \"sanctioned\"\nservice = \"GitHub Copilot Individual\"\nuser = \"eve\"\n\
         data = \"public\"\nreason = \"Open source\"\napprover = \"Ada Example\"\n"
    );
    apply(&store, &meant, 1).await.expect("the second");
    let closed = becomes(&collector, "personal_plan", "resolved").await;
    assert_eq!(
        closed["decided"]["reason"],
        "no plan is against it, policy version 2"
    );
    collector.take(&spool.report(vec![copilot("Individual")])).await;
    becomes(&collector, "personal_plan", "resolved").await;
}

#[tokio::test]
async fn the_free_plan_of_an_api_is_a_personal_one() {
    let collector = Collector::start_with(|settings| settings.watch = busy()).await;
    let store = collector.store().await;
    let plan = PLAN.replace("GitHub Copilot", "DeepL").replace("GitHub", "DeepL");
    apply(&store, &plan, 0).await.expect("the first");
    let asked = |service: &str, name: &str| Observation {
        vendor: "DeepL".to_owned(),
        service: service.to_owned(),
        kind: Kind::Api,
        name: name.to_owned(),
        ..call("eve", "translate")
    };
    let mut spool = Spool::of("web-1");
    let paid = asked("DeepL API", "api.deepl.com");
    collector.take(&spool.report(vec![paid])).await;
    assert_eq!(findings(&collector).await.len(), 0);
    let free = asked("DeepL API Free", "api-free.deepl.com");
    collector.take(&spool.report(vec![free])).await;
    let raised = becomes(&collector, "personal_plan", "open").await;
    assert_eq!(
        raised["explanation"],
        "translate uses DeepL API Free, a personal plan, and by copilot the organisation has business of DeepL: \
         eve on web-1 asked for api-free.deepl.com"
    );
}

#[tokio::test]
async fn the_policy_says_which_ways_and_plans_are_in_force() {
    let collector = Collector::start().await;
    let store = collector.store().await;
    apply(&store, EGRESS, 0).await.expect("the first");
    let first: serde_json::Value = collector.get("v1/policy").await.json().await.expect("JSON");
    assert_eq!(first["egress"][0]["via"], serde_json::json!(["10.1.2.3:3128"]));
    assert_eq!(first["egress"][0]["direct"][0]["unit"], "litellm.service");
    apply(&store, PLAN, 1).await.expect("the second");
    let second: serde_json::Value = collector.get("v1/policy").await.json().await.expect("JSON");
    assert_eq!(second["egress"], serde_json::json!([]));
    assert_eq!(second["plans"][0]["vendor"], "GitHub", "the catalogue's name");
    let then: serde_json::Value = collector
        .get("v1/policy?version=1")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(then, first);
}
