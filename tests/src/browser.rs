//! A real browser: chromium behind chromedriver, over the `WebDriver` protocol (W3C, Level 1).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::machine;
use crate::process::{Process, bound};

/// An open browser window.
#[derive(Debug)]
pub struct Browser {
    _driver: Process,
    session: String,
}

impl Browser {
    /// Starts chromedriver and opens a window; the profile is kept in `dir`.
    pub fn open(dir: &Path) -> Self {
        let mut driver = Process::start(bound("chromedriver").arg("--port=0"));
        let started = driver.said("was started successfully on port", Duration::from_secs(20));
        let port = started
            .trim_end_matches('.')
            .rsplit(' ')
            .next()
            .unwrap_or_default();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1600,900",
            &format!("--user-data-dir={}", dir.join("browser").display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"args": arguments},
        }}});
        let sessions = format!("http://127.0.0.1:{port}/session");
        let opened = post(&sessions, &wanted);
        let id = opened["sessionId"].as_str().expect("a session has an id");
        Self {
            _driver: driver,
            session: format!("{sessions}/{id}"),
        }
    }

    /// Opens a page.
    pub fn goto(&self, url: &str) {
        self.command("url", &json!({ "url": url }));
    }

    /// What a piece of JavaScript returns in the page.
    pub fn script(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a piece of JavaScript gives to its last argument, a function, in the page.
    pub fn answer(&self, script: &str) -> Value {
        self.command("execute/async", &json!({"script": script, "args": []}))
    }

    /// Has pages be shown as on a screen of this width, in CSS pixels, by somebody who likes the theme, `light` or `dark`.
    pub fn show_as(&self, width: u32, theme: &str) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        self.developer("Emulation.setDeviceMetricsOverride", &screen);
        let liked = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.developer("Emulation.setEmulatedMedia", &liked);
    }

    /// A command of Chromium's own protocol.
    fn developer(&self, name: &str, parameters: &Value) -> Value {
        self.command("goog/cdp/execute", &json!({"cmd": name, "params": parameters}))
    }

    /// Saves the page from top to bottom as `screenshots/NAME.png` beside the build, and gives the path.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let dir = machine::workshop().with_file_name("screenshots");
        let path = dir.join(format!("{name}.png"));
        let shot = self.developer("Page.captureScreenshot", &json!({"captureBeyondViewport": true}));
        let image = BASE64_STANDARD
            .decode(shot["data"].as_str().expect("a screenshot is text"))
            .expect("in base64");
        fs::create_dir_all(&dir)
            .and_then(|()| fs::write(&path, image))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    fn command(&self, name: &str, parameters: &Value) -> Value {
        post(&format!("{}/{name}", self.session), parameters)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends chromium, which chromedriver's own end would leave running.
        let _ = ureq::delete(&self.session).call();
    }
}

fn post(url: &str, body: &Value) -> Value {
    answer(url, ureq::post(url).send_json(body))
}

fn answer(url: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let mut whole: Value = answer
        .and_then(|mut answer| answer.body_mut().read_json())
        .unwrap_or_else(|error| panic!("{url}: {error}"));
    whole["value"].take()
}
