//! The collector's API keeps to its own description, whatever it is sent: Schemathesis makes requests of the
//! description that each listener gives, good ones and wrong ones, and checks each answer against it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use umbra_tests::Collector;
use umbra_tests::agent::Agent;
use umbra_tests::clients::schemathesis;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::collector_away::folder;
use crate::enrol::{make_token, setup};

/// Requests made up for an operation, besides those at the edges of its schema.
const EXAMPLES: &str = "60";

#[test]
fn the_api_keeps_to_its_description() {
    if spared("the API") || !ready(&[Need::Binary("umbra-collector")]) {
        return;
    }
    let data = folder();
    let collector = Collector::start(data.path(), None);
    let token = format!("Authorization: Bearer {}", collector.token());
    tried(&collector.url(), &[("--header", Path::new(&token))], 44);
    assert!(collector.stop().success());
}

#[test]
fn the_api_for_agents_keeps_to_its_description() {
    if spared("the API for agents")
        || !ready(&[
            Need::Root,
            Need::Binary("umbra-agent"),
            Need::Binary("umbra-collector"),
        ])
    {
        return;
    }
    let (data, spool) = (folder(), folder());
    let token = spool.path().join("token");
    let collector = Collector::for_agents(data.path(), "");
    make_token(data.path(), &token, &["--uses", "1"]);
    let agent = Agent::start(&setup(&collector, spool.path(), &token));
    let kept = eventually(Duration::from_secs(30), || {
        let text =
            fs::read_to_string(spool.path().join("enrolment.json")).map_err(|error| error.to_string())?;
        let kept: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let enrolled = kept["certificate"].is_object().then_some(kept);
        enrolled.ok_or_else(|| "no certificate yet".to_owned())
    });
    assert!(agent.stop().success());
    let file = |name: &str, pem: &Value| {
        let path = spool.path().join(name);
        fs::write(&path, pem.as_str().expect("PEM")).expect("a file");
        path
    };
    let key = file("key.pem", &kept["key"]);
    let chain = file("chain.pem", &kept["certificate"]["chain"]);
    let authority = file("authority.pem", &kept["certificate"]["authority"]);
    let options = [
        ("--tls-verify", authority.as_path()),
        ("--request-cert", chain.as_path()),
        ("--request-cert-key", key.as_path()),
    ];
    tried(&collector.agents(), &options, 6);
    assert!(collector.stop().success());
}

/// Tries every operation that `url` describes, of which there are so many.
fn tried(url: &str, options: &[(&str, &Path)], operations: usize) {
    let (program, configuration) = schemathesis().unwrap_or_else(|why| panic!("{why}"));
    let mut command = Command::new(program);
    // It keeps what it has found where it runs.
    let here = folder();
    command.current_dir(here.path());
    command.arg("--config-file").arg(configuration);
    command.args(["run", &format!("{url}/v1/openapi.json"), "--checks", "all"]);
    command.args(["--max-examples", EXAMPLES, "--seed", "1", "--no-color"]);
    for (option, value) in options {
        command.arg(option).arg(value);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("Tested: {operations}")), "{said}");
}
