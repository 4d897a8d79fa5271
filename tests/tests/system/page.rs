//! From a call to the page, within two seconds; a webhook once; remembered after a restart; live in a real browser, where
//! an admin lets a host in and tries a route.

use std::time::Duration;

use serde_json::json;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::browser::Browser;
use umbra_tests::clients::{Call, named};
use umbra_tests::collector::Row;
use umbra_tests::skip::{Need, ready, spared};
use umbra_tests::truth::Bytes;
use umbra_tests::wait::eventually;
use umbra_tests::webhook::Webhook;
use umbra_tests::{Collector, TestBed};

use crate::browsing::{BROWSER, Watched, make_account_and_log_in};
use crate::names::{ANTHROPIC, OPENAI, bed};

/// The promise.
pub(crate) const PROMISED: Duration = Duration::from_secs(2);
const NEW: &str = "new, unreviewed";
/// The table's rows, as the browser shows them: text by column.
const ROWS: &str = "return [...document.querySelectorAll('tbody tr')].map(row =>
    Object.fromEntries([...row.cells].map(cell => [cell.dataset.label, cell.textContent])))";

#[test]
fn a_call_is_on_the_page_within_two_seconds_and_stays() {
    if spared("the page") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let data = tempfile::tempdir().expect("a temporary folder");
    let webhook = Webhook::listen();
    let collector = Collector::start(data.path(), Some(&webhook.url()));
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    });

    let curl = named("curl");
    bed.run(&curl, &Call::to(OPENAI.name, "/bytes/12345"));
    let row = on_the_page(&collector, &bed, &curl.program);

    // The same program and vendor again: counted, and not alerted a second time. Another vendor: alerted.
    bed.run(&curl, &Call::to(OPENAI.name, "/bytes/54321"));
    on_the_page(&collector, &bed, &curl.program);
    bed.run(&curl, &Call::to(ANTHROPIC.name, "/bytes/1"));
    let calls = eventually(Duration::from_secs(10), || {
        let calls = webhook.calls();
        (calls.len() >= 2)
            .then_some(calls.clone())
            .ok_or_else(|| format!("{calls:?}"))
    });
    assert_eq!(calls.len(), 2, "{calls:?}");
    for (call, vendor) in calls.iter().zip([OPENAI.vendor, ANTHROPIC.vendor]) {
        let text = call.to_string();
        assert!(text.contains(vendor) && text.contains(&curl.program), "{text}");
    }

    assert!(agent.stop().success());
    assert!(collector.stop().success());
    let collector = Collector::start(data.path(), Some(&webhook.url()));
    let again = on_the_page(&collector, &bed, &curl.program);
    assert_eq!(again.first_seen, row.first_seen);
    assert_eq!(webhook.calls().len(), 2, "{:?}", webhook.calls());
    assert!(collector.stop().success());
}

/// Waits until the page and the inventory show all calls to `OpenAI` made until now.
fn on_the_page(collector: &Collector, bed: &TestBed, program: &str) -> Row {
    let row = eventually(PROMISED, || {
        let connections = bed.connections_to(OPENAI.name);
        let counted: Bytes = connections.iter().collect();
        let rows = collector.rows(OPENAI.name);
        let complete = rows.len() == 1 && Row::sum(&rows) == (connections.len() as u64, counted);
        complete
            .then(|| rows[0].clone())
            .ok_or_else(|| format!("{rows:?}, the server counted {counted:?}"))
    });
    assert_eq!(
        (row.vendor.as_str(), row.service.as_str()),
        (OPENAI.vendor, OPENAI.service)
    );
    assert_eq!((row.user.uid, row.user.name.as_deref()), (0, Some("root")));
    assert_eq!(row.program, program);
    assert_eq!(
        (row.verdict.as_str(), row.finding.is_some()),
        ("unreviewed", true)
    );
    assert_eq!(row.host, crate::expect::host());
    // As text, `20.57Z` comes behind `20.571Z`.
    let [first, last] = [&row.first_seen, &row.last_seen].map(|time| time.trim_end_matches('Z'));
    assert!(first <= last, "{row:?}");
    let table = collector.table();
    for text in [
        OPENAI.name,
        OPENAI.vendor,
        OPENAI.service,
        program,
        "root",
        &row.host,
        NEW,
    ] {
        assert!(table.contains(text), "`{text}` is not in\n{table}");
    }
    row
}

#[test]
fn a_browser_shows_a_new_caller_without_a_reload() {
    if spared("the page in a browser") {
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
    println!("{}", browser.screenshot("overview").display());
    browser.goto(&(collector.url() + "/inventory"));
    browser.script("window.loadedOnce = true");
    assert_eq!(browser.script(ROWS), json!([]));

    let curl = named("curl");
    bed.run(&curl, &Call::to(OPENAI.name, "/bytes/12345"));
    let wanted = [
        ("Vendor", OPENAI.vendor),
        ("Vendor", OPENAI.service),
        ("Name", OPENAI.name),
        ("Program", &curl.program),
        ("User", "root"),
        ("Flows", "1"),
        ("Verdict", NEW),
    ];
    eventually(PROMISED, || {
        let rows = browser.script(ROWS);
        let says =
            |(label, text): &(&str, &str)| rows[0][label].as_str().is_some_and(|cell| cell.contains(text));
        wanted
            .iter()
            .all(says)
            .then_some(())
            .ok_or_else(|| rows.to_string())
    });
    // The mark is gone when the page was loaded again.
    assert_eq!(browser.script("return window.loadedOnce === true"), true);
    println!("{}", browser.screenshot("inventory").display());

    drop(browser);
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

#[test]
fn an_admin_makes_a_token_and_tries_a_route_in_a_browser() {
    if spared("settings in a browser") || !ready(&BROWSER) {
        return;
    }
    let data = tempfile::tempdir().expect("a temporary folder");
    let webhook = Webhook::listen();
    let keys = format!(
        "names = [\"127.0.0.1\"]\n[webhook]\nurl = \"{}\"\n",
        webhook.url()
    );
    let mut collector = Collector::for_agents(data.path(), &keys);
    let browser = Browser::open(data.path());
    make_account_and_log_in(&browser, &mut collector);
    let text = |selector: &str| {
        eventually(Duration::from_secs(5), || {
            let text = browser.script(&format!(
                "return document.querySelector('{selector}')?.textContent"
            ));
            let text = text.as_str().map(str::to_owned);
            text.ok_or_else(|| browser.script("return document.body.innerText").to_string())
        })
    };

    browser.goto(&(collector.url() + "/settings"));
    browser.script(
        "document.getElementById('label').value = 'web'; document.querySelector('.decide').requestSubmit()",
    );
    let token = text("#token");
    let command = text("#command");
    assert!(
        command.contains(&token) && command.contains(&collector.agents()),
        "{command}"
    );
    // It may be copied or refused, as the browser has it: either way the page says so.
    browser.script("document.querySelector('[data-copies=token]').click()");
    text("[data-copies=token] + [role=status]:not(:empty)");
    println!("{}", browser.screenshot("enrolment").display());
    let listed = Collector::told(data.path(), &["token", "list"]);
    let id = token.split('_').nth(1).expect("an id");
    assert!(listed.contains(id), "{id} is not in\n{listed}");

    browser.goto(&(collector.url() + "/settings/routes"));
    browser.script("document.querySelector('td form').requestSubmit()");
    let said = text("#tested");
    assert!(said.contains("webhook took the test"), "{said}");
    assert_eq!(webhook.calls().len(), 1);
    println!("{}", browser.screenshot("routes").display());

    drop(browser);
    assert!(collector.stop().success());
}
