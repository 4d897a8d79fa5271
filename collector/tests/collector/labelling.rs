//! A host's labels, set on its page.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use umbra_collector::access::Role;

use crate::finding_pages::{html, logged_in};
use crate::made_up::{Spool, call};
use crate::policy::json;
use crate::scopes::fleet;

#[tokio::test]
async fn an_admin_labels_a_host_on_its_page() {
    let (collector, agents) = fleet().await;
    let agent = agents[0].spool.agent.id;
    let page = format!("hosts/{agent}");
    let mut root = logged_in(&collector, "root", Role::Admin).await;
    assert!(html(&root, &page).await.contains("value=\"env=prod team=db\""));
    let csrf = root.csrf().await;
    let path = format!("{page}/labels");

    // What was typed stays, beside what is wrong.
    let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
    let many = many.join(" ");
    for (labels, why) in [("team", "KEY=VALUE"), (many.as_str(), "at most 32 labels")] {
        let answer = root.send(&path, &[("csrf", &csrf), ("labels", labels)]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let page = answer.text().await.expect("HTML");
        for part in [why, &format!("value=\"{labels}\""), "<details open"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
    let answer = root
        .send(&path, &[("csrf", &csrf), ("labels", "team=web, site=ams")])
        .await;
    assert_eq!(
        (answer.status(), &answer.headers()[LOCATION]),
        (
            StatusCode::SEE_OTHER,
            &format!("/{page}").parse().expect("a header")
        )
    );
    assert!(html(&root, &page).await.contains("value=\"site=ams team=web\""));
    let log = json(&collector, "v1/audit").await;
    let entries = log["entries"].as_array().expect("entries");
    assert!(
        entries
            .iter()
            .any(|entry| entry["action"] == "agent_labelled" && entry["actor"] == "root"),
        "{log}"
    );

    // Nobody else has the form, and a host that has not enrolled has no labels.
    let mut ada = logged_in(&collector, "ada", Role::Approver).await;
    assert!(!html(&ada, &page).await.contains("Set the labels"));
    let csrf = ada.csrf().await;
    let answer = ada.send(&path, &[("csrf", &csrf), ("labels", "")]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let mut spool = Spool::of("local-1");
    collector.take(&spool.report(vec![call("alice", "claude")])).await;
    let page = format!("hosts/{}", spool.agent.id);
    assert!(!html(&root, &page).await.contains("Set the labels"));
}
