//! Every page in a real browser, in both themes at three widths: nothing keeps anybody from using it, nothing is wider than
//! the screen, and it is light. Screenshots are in `screenshots/` beside the build.

use std::fs;

use serde_json::{Value, json};
use umbra_tests::Collector;
use umbra_tests::browser::Browser;
use umbra_tests::clients::{Call, axe, named};
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::wait::eventually;

use crate::browsing::Watched;
use crate::names::{ANTHROPIC, OPENAI};
use crate::page::PROMISED;

/// Widths of screens in CSS pixels: a desk, a tablet, a phone.
const WIDTHS: [u32; 3] = [1440, 820, 390];
/// Bytes of a page with its style, script and pictures, as they are before any compression.
const WEIGHT: u64 = 100 << 10;
/// Rules of WCAG 2.2 AA and what is good practice; gives what is against them, by rule and element.
const FAULTS: &str = "const give = arguments[arguments.length - 1];
    axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
        found => give(found.violations.map(fault => fault.id + ': ' + fault.nodes.map(node =>
            node.target.join(' ') + ' ' + node.any.map(check => check.message).join('; ')).slice(0, 3).join(' | '))),
        error => give([String(error)]))";
const WEIGHED: &str =
    "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, part) => sum + part.decodedBodySize, 0)";
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
    let axe = axe().and_then(|path| fs::read_to_string(path).map_err(|error| error.to_string()));
    let axe = axe.unwrap_or_else(|why| panic!("axe-core: {why}"));
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
    let mut faults = Vec::new();
    for theme in ["light", "dark"] {
        for width in WIDTHS {
            browser.show_as(width, theme);
            for (name, path) in pages {
                browser.goto(&(collector.url() + path));
                let shot = browser.screenshot(&format!("{name}-{theme}-{width}"));
                println!("{}", shot.display());
                let found = faults_of(&browser, &axe, width);
                faults.extend(
                    found
                        .into_iter()
                        .map(|fault| format!("{path}, {theme}, {width}: {fault}")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // What would be found is found.
    browser.script("document.documentElement.removeAttribute('lang')");
    let found = faults_of(&browser, &axe, WIDTHS[2]);
    assert!(
        found.iter().any(|fault| fault.contains("html-has-lang")),
        "{found:?}"
    );

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

/// What is wrong with the page that is shown.
fn faults_of(browser: &Browser, axe: &str, width: u32) -> Vec<String> {
    let mut faults = Vec::new();
    let wide = browser.script("return document.documentElement.scrollWidth");
    if wide.as_u64().is_none_or(|wide| wide > u64::from(width)) {
        faults.push(format!("it is {wide} pixels wide"));
    }
    let weight = browser.script(WEIGHED);
    if weight
        .as_u64()
        .is_none_or(|weight| weight > WEIGHT || weight == 0)
    {
        faults.push(format!("it has {weight} bytes"));
    }
    browser.script(axe);
    match browser.answer(FAULTS) {
        Value::Array(found) => faults.extend(found.iter().map(ToString::to_string)),
        other => faults.push(format!("no answer of axe: {other}")),
    }
    assert_ne!(
        browser.script("return document.title"),
        json!(""),
        "a page has a title"
    );
    faults
}
