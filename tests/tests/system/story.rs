//! The whole story in a real browser: from the link of the first start to a sanctioned caller and a resolved finding.

use umbra_tests::clients::{Call, named};
use umbra_tests::skip::spared;

use crate::browsing::{Watched, click, fill, shows};
use crate::names::{ANTHROPIC, OPENAI};

#[test]
fn from_the_first_link_to_a_sanctioned_caller_and_a_resolved_finding() {
    if spared("the story in a browser") {
        return;
    }
    let Some(Watched {
        data: _data,
        bed,
        collector,
        agent,
        browser,
    }) = Watched::begin()
    else {
        return;
    };

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
