//! Who goes past the organisation's gateway is found, and who goes through it is not.

use std::fs;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::proxies::Proxy;
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed_serving};

#[test]
fn a_flow_past_the_gateway_is_found_and_one_through_it_is_not() {
    if spared("the collector's policy") {
        return;
    }
    let needs = [Need::Program("squid"), Need::Binary("umbra-collector")];
    let Some(bed) = bed_serving(&needs, &[]) else {
        return;
    };
    let data = tempfile::tempdir().expect("a temporary folder");
    let collector = Collector::start(data.path(), None);
    let squid = Proxy::squid(&bed);
    let policy = data.path().join("policy.toml");
    let text = format!(
        "version = 1\n[[egress]]\nid = \"gateway\"\nvendors = [\"OpenAI\"]\nvia = [\"{}\"]\n\
         reason = \"Keys are kept there\"\napprover = \"Ada\"\n",
        squid.address
    );
    fs::write(&policy, text).expect("a file");
    Collector::told(data.path(), &["policy", "apply", &policy.to_string_lossy()]);
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    });

    let (through, past) = (
        named("curl").with(&["--proxy", &squid.url("http")]),
        named("wget"),
    );
    for tool in [&through, &past] {
        bed.run(tool, &Call::to(OPENAI.name, "/bytes/1000"));
    }
    eventually(SOON, || {
        let rows = collector.rows(OPENAI.name);
        (rows.len() == 2).then_some(()).ok_or_else(|| format!("{rows:?}"))
    });
    // Lines are as wide as a terminal.
    let found = eventually(SOON, || {
        let list = Collector::told(data.path(), &["finding", "list"]);
        let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
        list.contains("gateway bypass")
            .then_some(list.clone())
            .ok_or(list)
    });
    let wanted = format!(
        "{} reaches OpenAI directly, and gateway wants it to go through {}",
        past.program, squid.address
    );
    assert!(found.contains(&wanted), "{found}");
    assert_eq!(found.matches("gateway bypass").count(), 1, "{found}");
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}
