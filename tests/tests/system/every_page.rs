//! Every page in a real browser, in both themes at three widths.

use std::fs;

use umbra_tests::Collector;
use umbra_tests::clients::{Call, named};
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::browsing::Watched;
use crate::looks::Looks;
use crate::names::{ANTHROPIC, OPENAI};
use crate::page::PROMISED;

const POLICY: &str = "version = 1\n[[sanction]]\nid = \"plan\"\nverdict = \"sanctioned\"\nvendor = \"Anthropic\"\n\
                      data = \"internal\"\nreason = \"The business plan\"\napprover = \"Ada\"\n";

#[test]
fn every_page_is_for_everybody_and_light() {
    if spared("every page in a browser") {
        return;
    }
    if !ready(&[Need::Program("npm")]) {
        return;
    }
    let Some(Watched {
        data,
        bed,
        collector,
        agent,
        browser,
    }) = Watched::begin()
    else {
        return;
    };
    let row = something_of_everything(&collector, &bed, data.path());

    let caller = format!("/callers/{}", row.caller);
    let host = format!("/hosts/{}", row.agent);
    let pages = [
        ("overview", "/"),
        ("inventory", "/inventory"),
        ("narrowed", "/inventory?kind=api&q=curl"),
        ("caller", &caller),
        ("host", &host),
        ("user", "/users/root"),
        ("decide", "/decide?use=1&use=2"),
        ("account", "/account"),
        ("vendor", "/vendors/Anthropic"),
        ("findings", "/findings"),
        ("finding", "/findings/1"),
        ("requests", "/requests"),
        ("request", "/requests/1"),
        ("policies", "/policy"),
        ("policy", "/policy/1"),
        ("draft", "/policy/draft"),
        ("audit", "/audit"),
        ("verified", "/audit?verify=true"),
        ("live", "/live"),
        ("enrolment", "/settings"),
        ("routes", "/settings/routes"),
        ("people", "/settings/people"),
        ("person", "/settings/people/eve"),
        ("api-tokens", "/settings/api-tokens"),
        ("erase", "/settings/erase"),
        ("catalogue", "/settings/catalogue"),
        ("nowhere", "/nowhere"),
    ];
    let mut looks = Looks::new(&browser);
    for (name, path) in pages {
        looks.look_at(name, &(collector.url() + path));
    }
    looks.good();
    // What would be found is found.
    browser.script("document.documentElement.removeAttribute('lang')");
    assert!(looks.faults().iter().any(|fault| fault.contains("html-has-lang")));

    drop(browser);
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

/// A sanctioned caller, a finding and a request; gives a row of the first.
fn something_of_everything(
    collector: &Collector,
    bed: &umbra_tests::TestBed,
    data: &std::path::Path,
) -> umbra_tests::collector::Row {
    let curl = named("curl");
    for name in [ANTHROPIC.name, OPENAI.name] {
        bed.run(&curl, &Call::to(name, "/bytes/12345"));
    }
    let row = eventually(PROMISED, || {
        let of = |name| collector.rows(name).into_iter().next();
        of(OPENAI.name)
            .and(of(ANTHROPIC.name))
            .ok_or_else(|| "not yet".to_owned())
    });
    let policy = data.join("policy.toml");
    fs::write(&policy, POLICY).unwrap_or_else(|error| panic!("{}: {error}", policy.display()));
    Collector::told(data, &["policy", "apply", &policy.to_string_lossy()]);
    let ask = [
        "request",
        "create",
        "trial",
        "--vendor",
        "OpenAI",
        "--for-data",
        "public",
        "--reason",
        "A trial",
    ];
    Collector::told(data, &ask);
    row
}
