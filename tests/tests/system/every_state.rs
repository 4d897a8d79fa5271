//! What pages show before there is anything, to whom they are not open, and when something is wrong: in both themes at three
//! widths, as the others.

use umbra_tests::Collector;
use umbra_tests::browser::Browser;
use umbra_tests::skip::{Need, ready, spared};

use crate::browsing::{BROWSER, fill, shows};
use crate::looks::Looks;

const PASSWORD: &str = "quiet rivers run deep";
const POLICY: &str = "version = 1\n[[sanction]]\nid = \"plan\"\nverdict = \"sanctioned\"\nvendor = \"Anthropic\"\n\
                      data = \"internal\"\nreason = \"The business plan\"\napprover = \"Ada\"\n";

#[test]
fn every_state_of_a_page_is_for_everybody_and_light() {
    if spared("every state of a page in a browser") || !ready(&BROWSER) || !ready(&[Need::Program("npm")]) {
        return;
    }
    let data = tempfile::tempdir().expect("a temporary folder");
    let mut collector = Collector::start(data.path(), None);
    let (link, url) = (collector.set_up(), collector.url());
    let browser = Browser::open(data.path());
    let mut looks = Looks::new(&browser);
    let open = |path: &str| browser.goto(&format!("{url}{path}"));
    let send = |fields: &[(&str, &str)]| {
        for (id, text) in fields {
            fill(&browser, id, text);
        }
        browser.script("document.querySelector('main form').requestSubmit()");
    };
    let leave = || {
        browser.script("document.querySelector('.leave').requestSubmit()");
        shows(&browser, "/login");
    };

    // Before there is an account, and before there is a call.
    looks.look_at("log-in-fresh", &format!("{url}/login"));
    looks.look_at("set-up", &link);
    send(&[
        ("name", "eve"),
        ("password", PASSWORD),
        ("again", "another one altogether"),
    ]);
    shows(&browser, "/setup");
    looks.look("set-up-refused");
    send(&[("name", "eve"), ("password", PASSWORD), ("again", PASSWORD)]);
    shows(&browser, "No AI call has been seen yet");
    for (name, path) in [
        ("first-day", "/"),
        ("no-callers", "/inventory"),
        ("no-matches", "/inventory?q=nothing&verdict=prohibited"),
        ("no-findings", "/findings"),
        ("no-requests", "/requests"),
        ("no-policy", "/policy"),
        ("no-flows", "/live"),
    ] {
        looks.look_at(name, &format!("{url}{path}"));
    }

    // A policy that is wrong, and what one would change.
    open("/policy/draft");
    let plan = |text: &str| {
        fill(&browser, "policy", text);
        browser.script("document.querySelector('main button[value=plan]').click()");
    };
    plan("version = 1\n[[sanction]]\nid = 3\n");
    shows(&browser, "line 3");
    looks.look("policy-refused");
    plan(POLICY);
    shows(&browser, "What it would change");
    looks.look("plan");

    // Who may not, and who is not known.
    open("/settings/people");
    send(&[("name", "vera"), ("password", PASSWORD), ("again", PASSWORD)]);
    shows(&browser, "vera");
    leave();
    send(&[("name", "vera"), ("password", "not this one at all")]);
    shows(&browser, "password");
    looks.look("log-in-refused");
    send(&[("name", "vera"), ("password", PASSWORD)]);
    shows(&browser, "No AI call has been seen yet");
    looks.look_at("no-permission", &format!("{url}/settings"));

    // The collector has gone while somebody reads.
    open("/inventory");
    assert!(collector.stop().success());
    shows(&browser, "the collector does not answer");
    looks.look("stale");
    looks.good();
}
