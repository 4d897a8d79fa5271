//! Vendors that nobody in the fleet has used before.

use std::time::Duration;

use serde_json::Value;
use umbra_catalog::Kind;
use umbra_collector::findings::Watch;
use umbra_report::{Evidence, Observation};

use crate::made_up::{Spool, call};
use crate::policy::apply;
use crate::running::Collector;
use crate::standing::{findings, sanction};

fn of(vendor: &str, program: &str) -> Observation {
    Observation {
        vendor: vendor.to_owned(),
        ..call("eve", program)
    }
}

async fn first_uses(collector: &Collector) -> Vec<Value> {
    let all = findings(collector).await;
    all.into_iter()
        .filter(|finding| finding["kind"] == "first_use")
        .collect()
}

/// A collector that has learnt its fleet's vendors.
async fn learnt() -> Collector {
    Collector::start_with(|settings| {
        settings.watch = Watch {
            learning: Duration::ZERO,
            ..settings.watch
        };
    })
    .await
}

#[tokio::test]
async fn a_vendor_is_new_to_the_fleet_once() {
    let collector = learnt().await;
    let (mut one, mut two) = (Spool::of("web-1"), Spool::of("web-2"));
    collector
        .take(&one.report(vec![of("Mistral", "claude"), of("Mistral", "curl")]))
        .await;
    let found = first_uses(&collector).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["vendor"], &found[0]["severity"], &found[0]["state"]),
        (&"Mistral".into(), &"medium".into(), &"open".into())
    );
    let said = found[0]["explanation"].as_str().expect("a sentence");
    assert!(
        said.starts_with("Mistral is used in the fleet for the first time, by "),
        "{said}"
    );
    assert!(
        said.ends_with(": eve on web-1 asked for api.openai.com"),
        "{said}"
    );

    collector
        .take(&two.report(vec![of("Mistral", "bot"), of("Mistral", "claude")]))
        .await;
    let collector = collector.restart().await;
    collector.take(&two.report(vec![of("Mistral", "editor")])).await;
    assert_eq!(
        first_uses(&collector).await,
        found,
        "neither another program, host nor start"
    );
    collector.take(&two.report(vec![of("Anthropic", "editor")])).await;
    assert_eq!(first_uses(&collector).await.len(), 2);
}

#[tokio::test]
async fn content_telemetry_addresses_and_what_is_sanctioned_make_none() {
    let collector = learnt().await;
    let text = sanction("verdict = \"sanctioned\"\nvendor = \"OpenAI\"\ndata = \"internal\"");
    apply(&collector.store().await, &text, 0)
        .await
        .expect("the first");
    let mut spool = Spool::of("web-1");
    let content = Observation {
        kind: Kind::Cdn,
        ..of("Mistral", "firefox")
    };
    let telemetry = Observation {
        kind: Kind::Telemetry,
        ..of("Mistral", "firefox")
    };
    let address = Observation {
        evidence: Evidence::Ip,
        ..of("Mistral", "firefox")
    };
    collector
        .take(&spool.report(vec![content, telemetry, address, call("eve", "claude")]))
        .await;
    assert_eq!(findings(&collector).await.len(), 0);
    collector
        .take(&spool.report(vec![of("Mistral", "firefox")]))
        .await;
    assert_eq!(first_uses(&collector).await.len(), 1, "only now it is used");
    apply(&collector.store().await, "version = 1\n", 1)
        .await
        .expect("the second");
    collector.take(&spool.report(vec![call("eve", "claude")])).await;
    assert_eq!(
        first_uses(&collector).await.len(),
        1,
        "a vendor that was used is not new"
    );
}

#[tokio::test]
async fn in_the_first_week_the_fleet_is_learnt() {
    let collector = Collector::start().await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![of("Mistral", "claude")])).await;
    let kinds: Vec<Value> = findings(&collector)
        .await
        .into_iter()
        .map(|it| it["kind"].clone())
        .collect();
    assert_eq!(kinds, ["new_caller"]);
    let collector = collector
        .restart_with(|settings| settings.watch.learning = Duration::ZERO)
        .await;
    collector
        .take(&spool.report(vec![of("Mistral", "curl"), of("Anthropic", "curl")]))
        .await;
    let found = first_uses(&collector).await;
    assert_eq!(found.len(), 1, "what was learnt is known");
    assert_eq!(found[0]["vendor"], "Anthropic");
}
