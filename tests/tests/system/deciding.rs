//! Many callers decided about at once, in a real browser; a report stands in for an agent.

use std::process::Command;

use serde_json::{Value, json};
use umbra_tests::Collector;
use umbra_tests::browser::Browser;
use umbra_tests::skip::{ready, spared};

use crate::browsing::{BROWSER, click, fill, make_account_and_log_in, shows};

#[test]
fn many_rows_are_chosen_asked_for_and_prohibited_in_a_browser() {
    if spared("many decisions in a browser") || !ready(&BROWSER) {
        return;
    }
    let data = tempfile::tempdir().expect("a temporary folder");
    let mut collector = Collector::start(data.path(), None);
    let browser = Browser::open(data.path());
    make_account_and_log_in(&browser, &mut collector);
    report(
        &collector,
        &[("alice", "claude"), ("bob", "claude"), ("bob", "node")],
    );

    // The page stands still while rows are chosen, and none is lost to a refresh.
    browser.goto(&(collector.url() + "/inventory"));
    shows(&browser, "claude");
    click(&browser, "#all");
    shows(&browser, "Held while rows are chosen");
    assert_eq!(
        browser.script("return document.querySelectorAll('[name=use]:checked').length"),
        3
    );
    // Each box says which row it is of.
    let name = browser.script(
        "return document.querySelector('[name=use]').getAttribute('aria-labelledby').split(' ')
             .map(id => document.getElementById(id).textContent).join(' ')",
    );
    assert!(
        name.as_str().is_some_and(|name| name.ends_with("OpenAI")),
        "{name}"
    );
    println!("{}", browser.screenshot("many-chosen").display());
    click(&browser, ".chosen button");
    shows(&browser, "Decide on 3 rows");
    fill(&browser, "ask-reason", "The assistants of the web team");
    println!("{}", browser.screenshot("many-decided").display());
    click(&browser, "button[value=ask]");
    shows(&browser, "Requests 1, 2 wait for a decision.");

    // One by one from a caller's page, and only what was looked at comes into force.
    browser.goto(&(collector.url() + "/inventory?program=node"));
    click(&browser, "tbody td[data-label=Program] a");
    click(&browser, "a[href^='/decide']");
    shows(&browser, "Decide on 1 row");
    fill(&browser, "ask-reason", "Not reviewed");
    click(&browser, "button[value=prohibit]");
    shows(&browser, "1 of 3 uses would have another verdict");
    println!("{}", browser.screenshot("many-planned").display());
    click(&browser, "button[value=apply]");
    shows(&browser, "/policy/1");
    browser.goto(&(collector.url() + "/inventory?verdict=prohibited"));
    shows(&browser, "node");

    drop(browser);
    assert!(collector.stop().success());
}

/// Reports a call of each user's program, as an agent of this machine does.
fn report(collector: &Collector, calls: &[(&str, &str)]) {
    let date = Command::new("date")
        .args(["-u", "+%FT%TZ"])
        .output()
        .expect("the time");
    let time = String::from_utf8_lossy(&date.stdout).trim().to_owned();
    let record = |(place, (user, program)): (usize, &(&str, &str))| -> Value {
        json!({
            "sequence": place + 1, "type": "observation", "minute": time, "first_seen": time, "last_seen": time,
            "caller": {"user": {"uid": 1000 + user.len(), "name": user}, "program": {"name": program}},
            "vendor": "OpenAI", "service": "API", "kind": "api", "name": "api.openai.com", "evidence": "tls_sni",
            "protocol": "tcp", "route": "direct", "flows": 1, "bytes_out": 100, "bytes_in": 2000,
        })
    };
    let records: Vec<Value> = calls.iter().enumerate().map(record).collect();
    let report = json!({
        "version": 1, "epoch": "6f9c1c5e-8c0b-4c38-9f0e-2f8f4f2f6b11", "records": records,
        "agent": {"id": "1f9c1c5e-8c0b-4c38-9f0e-2f8f4f2f6b12", "host": "web-1", "version": "0.1.0", "kernel": "6.18.5"},
        "status": {"started": time, "losses": {}},
    });
    let url = collector.url() + "/v1/reports";
    let body = report.to_string();
    let answer = ureq::post(&url)
        .header("content-type", "application/json")
        .send(&body);
    answer.unwrap_or_else(|error| panic!("{url}: {error}"));
}
