//! A page in both themes at three widths: nothing keeps anybody from using it, nothing is wider than the screen, and it is light.
//! Screenshots are in `screenshots/` beside the build.

use std::fs;

use serde_json::{Value, json};
use umbra_tests::browser::Browser;
use umbra_tests::clients::axe;

const THEMES: [&str; 2] = ["light", "dark"];
/// Widths of screens in CSS pixels: a desk, a tablet, a phone.
const WIDTHS: [u32; 3] = [1440, 820, 390];
/// Bytes of a page with its style, script and pictures, before any compression, and without what its script asks for later.
const WEIGHT: u64 = 100 << 10;
/// Rules of WCAG 2.2 AA and what is good practice; gives what is against them, by rule and element.
const FAULTS: &str = "const give = arguments[arguments.length - 1];
    axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
        found => give(found.violations.map(fault => fault.id + ': ' + fault.nodes.map(node =>
            node.target.join(' ') + ' ' + node.any.map(check => check.message).join('; ')).slice(0, 3).join(' | '))),
        error => give([String(error)]))";
const WEIGHED: &str =
    "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(part => part.initiatorType !== 'fetch')
    .reduce((sum, part) => sum + part.decodedBodySize, 0)";

/// Looks at pages, and keeps what is wrong with them.
pub(crate) struct Looks<'a> {
    browser: &'a Browser,
    /// axe-core's program.
    axe: String,
    found: Vec<String>,
}

impl<'a> Looks<'a> {
    pub(crate) fn new(browser: &'a Browser) -> Self {
        let axe = axe().and_then(|path| fs::read_to_string(path).map_err(|error| error.to_string()));
        Self {
            browser,
            axe: axe.unwrap_or_else(|why| panic!("axe-core: {why}")),
            found: Vec::new(),
        }
    }

    /// Looks at the page at an address.
    pub(crate) fn look_at(&mut self, name: &str, address: &str) {
        self.each(name, |browser| browser.goto(address));
    }

    /// Looks at what the browser shows, which has no address or is gone when it is asked for again.
    pub(crate) fn look(&mut self, name: &str) {
        self.each(name, |_| ());
    }

    fn each(&mut self, name: &str, open: impl Fn(&Browser)) {
        for theme in THEMES {
            for width in WIDTHS {
                self.browser.show_as(width, theme);
                open(self.browser);
                let shot = self.browser.screenshot(&format!("{name}-{theme}-{width}"));
                println!("{}", shot.display());
                for fault in self.faults_at(width) {
                    self.found.push(format!("{name}, {theme}, {width}: {fault}"));
                }
            }
        }
    }

    /// Nothing was wrong.
    pub(crate) fn good(&self) {
        assert!(self.found.is_empty(), "{}", self.found.join("\n"));
    }

    /// What is wrong with the page on a phone.
    pub(crate) fn faults(&self) -> Vec<String> {
        let [.., phone] = WIDTHS;
        self.browser.show_as(phone, THEMES[0]);
        self.faults_at(phone)
    }

    fn faults_at(&self, width: u32) -> Vec<String> {
        let Self { browser, axe, .. } = self;
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
}
