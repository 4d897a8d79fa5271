//! The whole story in a real browser: from the link of the first start to a sanctioned caller and a resolved finding.

use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::browser::Browser;
use umbra_tests::clients::{Call, named};
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;

use crate::names::{ANTHROPIC, OPENAI, bed};
use crate::page::make_account_and_log_in;

#[test]
fn from_the_first_link_to_a_sanctioned_caller_and_a_resolved_finding() {
    if spared("the story in a browser") {
        return;
    }
    let needs = [
        Need::Binary("umbra-collector"),
        Need::Program("chromedriver"),
        Need::Program("chromium"),
    ];
    let Some(bed) = bed(&needs) else { return };
    let data = tempfile::tempdir().expect("a temporary folder");
    let mut collector = Collector::start(data.path(), None);
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    });
    let browser = Browser::open(data.path());
    make_account_and_log_in(&browser, &mut collector);

    // The overview has it without a reload, and leads to the finding.
    let curl = named("curl");
    bed.run(&curl, &Call::to(OPENAI.name, "/bytes/12345"));
    shows(&browser, "uses OpenAI, and nobody has sanctioned it");
    bed.run(&curl, &Call::to(ANTHROPIC.name, "/bytes/1"));

    // Asked for where it is seen, and approved.
    browser.goto(&(collector.url() + "/inventory?vendor=OpenAI"));
    click(&browser, "tbody td[data-label=Program] a");
    shows(&browser, "How it was started");
    shows(&browser, "Nobody has decided about it.");
    browser.script("document.querySelector('#ask ~ details').open = true");
    fill(&browser, "ask-vendor", OPENAI.vendor);
    fill(&browser, "ask-name", "assistant");
    fill(&browser, "ask-reason", "The assistant of the web team");
    click(&browser, "#ask ~ details button");
    shows(&browser, "Request 1 waits for a decision.");
    click(&browser, "#ask ~ [role=status] a");
    shows(&browser, "asks that vendor OpenAI");
    click(&browser, "button[value=approve]");
    shows(&browser, "approved by eve");
    browser.goto(&(collector.url() + "/inventory?verdict=sanctioned"));
    shows(&browser, "sanctioned");
    shows(&browser, OPENAI.name);
    println!("{}", browser.screenshot("story-sanctioned").display());

    // The other vendor's finding is settled by hand, with a reason.
    browser.goto(&(collector.url() + "/findings"));
    shows(&browser, "Anthropic");
    click(&browser, "tbody a");
    shows(&browser, "Nobody has looked at it yet");
    fill(&browser, "to", "resolved");
    fill(&browser, "reason", "A trial that has ended");
    click(&browser, "form.decide button");
    shows(&browser, "State: resolved");
    shows(&browser, "A trial that has ended");
    println!("{}", browser.screenshot("story-resolved").display());
    // Each of it is in the log.
    browser.goto(&(collector.url() + "/audit"));
    for said in ["finding decided", "request approved", "request created"] {
        shows(&browser, said);
    }

    drop(browser);
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

fn shows(browser: &Browser, wanted: &str) {
    eventually(Duration::from_secs(5), || {
        let shown = browser.script("return location.pathname + ' ' + document.body.innerText");
        let shown = shown.as_str().unwrap_or_default().to_owned();
        if shown.contains(wanted) {
            Ok(())
        } else {
            Err(format!("`{wanted}` is not in {shown}"))
        }
    });
}

/// Clicks the first of what a selector finds.
fn click(browser: &Browser, selector: &str) {
    browser.script(&format!("document.querySelector({selector:?}).click()"));
}

fn fill(browser: &Browser, id: &str, text: &str) {
    browser.script(&format!("document.getElementById({id:?}).value = {text:?}"));
}
