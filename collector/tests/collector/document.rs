//! The description of the API that both listeners give.

use serde_json::Value;

use crate::enrolment::host::{start, trusting};

fn paths(document: &Value) -> Vec<(String, Vec<String>)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            (path.clone(), methods.keys().cloned().collect())
        })
        .collect()
}

#[tokio::test]
async fn each_listener_describes_what_it_answers() {
    let collector = start().await;
    let own: Value = collector.get("v1/openapi.json").await.json().await.expect("JSON");
    let url = format!("{}v1/openapi.json", collector.agents());
    let answer = trusting(&collector, None).await.get(url).send().await;
    let agents: Value = answer.expect("an answer").json().await.expect("JSON");
    let of = |pairs: &[(&str, &str)]| -> Vec<(String, Vec<String>)> {
        pairs
            .iter()
            .map(|(path, methods)| {
                (
                    (*path).to_owned(),
                    methods.split(' ').map(str::to_owned).collect(),
                )
            })
            .collect()
    };
    assert_eq!(
        paths(&own),
        of(&[
            ("/healthz", "get"),
            ("/metrics", "get"),
            ("/v1/accounts", "get post"),
            ("/v1/accounts/{name}", "patch"),
            ("/v1/agents", "get"),
            ("/v1/agents/{agent}/labels", "put"),
            ("/v1/api-tokens", "get post"),
            ("/v1/api-tokens/{id}", "delete"),
            ("/v1/audit", "get"),
            ("/v1/audit/verify", "get"),
            ("/v1/enrolment-tokens", "get post"),
            ("/v1/enrolment-tokens/{id}", "delete"),
            ("/v1/findings", "get"),
            ("/v1/findings/{finding}/state", "post"),
            ("/v1/inventory", "get"),
            ("/v1/me", "get"),
            ("/v1/me/password", "post"),
            ("/v1/people/erase", "post"),
            ("/v1/policy", "get post"),
            ("/v1/policy/plan", "post"),
            ("/v1/policy/versions", "get"),
            ("/v1/questions", "get"),
            ("/v1/questions/bytes-out", "get"),
            ("/v1/questions/decisions", "get"),
            ("/v1/questions/spikes", "get"),
            ("/v1/questions/users-of-vendor", "get"),
            ("/v1/reports", "post"),
            ("/v1/requests", "get post"),
            ("/v1/requests/batch", "post"),
            ("/v1/requests/{request}/approve", "post"),
            ("/v1/requests/{request}/refuse", "post"),
            ("/v1/requests/{request}/withdraw", "post"),
            ("/v1/reveal", "post"),
            ("/v1/routes", "get"),
            ("/v1/routes/{name}/test", "post"),
            ("/v1/verdicts", "post"),
            ("/v1/views", "get"),
            ("/v1/views/{name}", "delete put")
        ])
    );
    assert_eq!(
        paths(&agents),
        of(&[
            ("/healthz", "get"),
            ("/v1/config", "get"),
            ("/v1/enrol", "post"),
            ("/v1/renew", "post"),
            ("/v1/reports", "post"),
            ("/v1/verdicts", "post")
        ])
    );
    assert_eq!(own["openapi"], "3.1.0");
    assert_eq!(agents["security"][0]["certificate"], serde_json::json!([]));
    assert_eq!(
        agents["paths"]["/v1/enrol"]["post"]["security"],
        serde_json::json!([{}])
    );
    // The limits of the wire are in it.
    let observation = &own["components"]["schemas"]["Observation"]["properties"];
    assert_eq!(observation["name"]["maxLength"], umbra_report::limits::NAME);
    assert_eq!(observation["flows"]["maximum"], umbra_report::limits::FLOWS);
    assert_eq!(observation["bytes_out"]["maximum"], umbra_report::limits::TRAFFIC);
    let report = &own["components"]["schemas"]["Report"]["properties"];
    assert_eq!(report["records"]["maxItems"], umbra_report::limits::RECORDS);
    let word = &own["components"]["schemas"]["Agent"]["properties"]["kernel"]["maxLength"];
    assert_eq!(*word, umbra_report::limits::WORD);
}
