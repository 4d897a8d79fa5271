//! A person before a browser, a collector, and an agent that reports to it.

use std::time::Duration;

use tempfile::TempDir;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::browser::Browser;
use umbra_tests::skip::Need;
use umbra_tests::wait::eventually;
use umbra_tests::{Collector, TestBed};

use crate::names::bed;

/// What it takes.
pub(crate) const BROWSER: [Need; 3] = [
    Need::Binary("umbra-collector"),
    Need::Program("chromedriver"),
    Need::Program("chromium"),
];

/// All of it, with the first account made and logged in.
pub(crate) struct Watched {
    /// The collector's and the browser's; to be taken first, so that it goes last.
    pub(crate) data: TempDir,
    pub(crate) bed: TestBed,
    pub(crate) collector: Collector,
    pub(crate) agent: Agent,
    pub(crate) browser: Browser,
}

impl Watched {
    /// Starts it; `None`, and said why, where something of it is missing.
    pub(crate) fn begin() -> Option<Self> {
        let bed = bed(&BROWSER)?;
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut collector = Collector::start(data.path(), None);
        let agent = Agent::start(&Setup {
            collector: Some(collector.url()),
            ..Setup::default()
        });
        let browser = Browser::open(data.path());
        make_account_and_log_in(&browser, &mut collector);
        Some(Self {
            data,
            bed,
            collector,
            agent,
            browser,
        })
    }
}

/// As a person does it at the first start, and once more with the password.
pub(crate) fn make_account_and_log_in(browser: &Browser, collector: &mut Collector) {
    const PASSWORD: &str = "quiet rivers run deep";
    let send = |fields: &[(&str, &str)]| {
        for (id, text) in fields {
            fill(browser, id, text);
        }
        browser.script("document.querySelector('main form').requestSubmit()");
    };
    browser.goto(&collector.set_up());
    send(&[("name", "eve"), ("password", PASSWORD), ("again", PASSWORD)]);
    shows(browser, "No AI call has been seen yet");
    println!("{}", browser.screenshot("first-account").display());
    browser.script("document.querySelector('.leave').requestSubmit()");
    shows(browser, "/login");
    browser.goto(&collector.url());
    shows(browser, "/login");
    println!("{}", browser.screenshot("log-in").display());
    send(&[("name", "eve"), ("password", PASSWORD)]);
    shows(browser, "No AI call has been seen yet");
}

/// Waits until the page's path or text has this in it.
pub(crate) fn shows(browser: &Browser, wanted: &str) {
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
pub(crate) fn click(browser: &Browser, selector: &str) {
    browser.script(&format!("document.querySelector({selector:?}).click()"));
}

/// Gives a field its value.
pub(crate) fn fill(browser: &Browser, id: &str, text: &str) {
    browser.script(&format!("document.getElementById({id:?}).value = {text:?}"));
}
