//! What comes in is told to those who watch, as soon as it is stored, and to nobody else.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;
use umbra_collector::access::Role;
use umbra_collector::names::Names;
use umbra_collector::store::AccountChange;
use umbra_report::Observation;

use crate::browser::by;
use crate::made_up::{Spool, ago, call};
use crate::running::{Collector, client};
use crate::scopes::{fleet, seeing};
use crate::writes::person;

/// What one who watches has heard.
pub(crate) struct Watch {
    answer: Response,
    text: String,
}

/// An event as it was sent.
#[derive(Debug)]
pub(crate) struct Event(String);

impl Event {
    fn field(&self, name: &str) -> String {
        let lines = self
            .0
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.field("data").contains(text)
    }

    /// How many events it says were skipped.
    pub(crate) fn skipped(&self) -> Option<u64> {
        let data = self.field("data");
        let (before, _) = data.split_once(" were skipped")?;
        let count = before.rsplit_once('>')?.1.trim_end_matches(" events");
        Some(count.replace(',', "").parse().expect("a number"))
    }

    fn id(&self) -> i64 {
        self.field("id").parse().expect("a number")
    }
}

impl Watch {
    pub(crate) async fn begin(request: RequestBuilder) -> Self {
        let answer = request
            .timeout(Duration::from_mins(1))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut watch = Self {
            answer,
            text: String::new(),
        };
        let begin = watch.heard(Duration::from_secs(5)).await.expect("it begins");
        assert_eq!(begin.field("retry"), "2000");
        watch
    }

    pub(crate) async fn of(collector: &Collector, query: &str) -> Self {
        Self::begin(collector.http.get(format!("{}live/events{query}", collector.url))).await
    }

    /// The next event within so long; `None`: there was none, or it is over.
    pub(crate) async fn heard(&mut self, within: Duration) -> Option<Event> {
        let end = Instant::now() + within;
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // Comments only say that it goes on.
                if event.lines().all(|line| line.starts_with(':')) {
                    continue;
                }
                return Some(Event(event));
            }
            let left = end.saturating_duration_since(Instant::now());
            let chunk = tokio::time::timeout(left, self.answer.chunk()).await.ok()?;
            self.text.push_str(&String::from_utf8_lossy(&chunk.ok()??));
        }
    }

    /// What must come within two seconds, and some more on a busy machine.
    pub(crate) async fn next(&mut self) -> Event {
        self.heard(Duration::from_secs(10)).await.expect("an event")
    }

    async fn is_silent(&mut self) {
        let heard = self.heard(Duration::from_millis(1500)).await;
        assert!(heard.is_none(), "{heard:?}");
    }

    /// Whether it ends within so long, whatever is said before.
    async fn ends(mut self, within: Duration) -> bool {
        let end = async { while matches!(self.answer.chunk().await, Ok(Some(_))) {} };
        tokio::time::timeout(within, end).await.is_ok()
    }
}

fn to(vendor: &str, user: &str, program: &str) -> Observation {
    Observation {
        vendor: vendor.to_owned(),
        ..call(user, program)
    }
}

#[tokio::test]
async fn what_is_reported_is_told_once_and_stays_on_the_page() {
    let collector = Collector::start().await;
    let empty = collector.page("live").await;
    for part in [
        "Nothing came in the last 24 hours",
        r#"<a href="/live" aria-current="page">Live</a>"#,
        "<noscript>",
    ] {
        assert!(empty.contains(part), "{part} is not in {empty}");
    }
    let mut watch = Watch::of(&collector, "").await;
    let mut spool = Spool::of("web-1");
    let mut call = call("alice", "<i>bot");
    call.bytes_out = 48_000_000;
    let begin = Instant::now();
    let report = spool.report(vec![call]);
    collector.take(&report).await;
    let event = watch.next().await;
    println!("told after {:?}", begin.elapsed());
    for part in [
        "web-1",
        "alice",
        "&#60;i&#62;bot",
        "<b>OpenAI</b>",
        "TLS SNI",
        "api.<wbr>openai.<wbr>com",
        ">48 MB<",
        "new, unreviewed",
        " UTC",
    ] {
        assert!(event.has(part), "{part} is not in {event:?}");
    }
    assert!(!event.has("<i>") && !event.has("style="));
    // A repeat is nothing new.
    collector.take(&report).await;
    watch.is_silent().await;
    // The same caller once more: what came this time, and not the sum.
    let mut late = crate::made_up::call("alice", "<i>bot");
    (late.minute, late.first_seen, late.last_seen) = (ago(7200), ago(7200), ago(7190));
    collector.take(&spool.report(vec![late])).await;
    let second = watch.next().await;
    assert!(second.has(">100 B<") && second.has("arrived late"), "{second:?}");
    let page = collector.page("live").await;
    assert_eq!(page.matches("<tr role=\"row\" id=\"a").count(), 2, "{page}");
    assert!(
        page.find(">100 B<") < page.find(">48 MB<"),
        "the newest first: {page}"
    );
    assert!(!page.contains("style="));

    // Who comes back goes on where they were.
    let id = event.id();
    let after = Watch::of(&collector, &format!("?after={id}")).await.next().await;
    assert_eq!(after.id(), second.id());
    let last = collector
        .http
        .get(format!("{}live/events?after=0", collector.url));
    let mut last = Watch::begin(last.header("last-event-id", id.to_string())).await;
    assert_eq!(last.next().await.id(), second.id());
    last.is_silent().await;
}

#[tokio::test]
async fn a_filter_takes_what_is_shown_and_leaves_the_rest() {
    let collector = Collector::start().await;
    let mut spools = [Spool::of("web-1"), Spool::of("web-2")];
    for (query, wanted) in [
        ("?vendor=anthropic", &["bot"][..]),
        ("?vendor=anthrop", &[]),
        ("?host=WEB-2", &["other"]),
        ("?user=alice", &["bot", "claude"]),
        ("?q=CLAU", &["claude"]),
        ("?q=unreviewed&host=web-1&vendor=", &["bot", "claude"]),
        ("?q=api.openai.com&user=bob", &["other"]),
    ] {
        let mut watch = Watch::of(&collector, query).await;
        let [one, two] = &mut spools;
        let calls = vec![to("Anthropic", "alice", "bot"), call("alice", "claude")];
        collector.take(&one.report(calls)).await;
        collector.take(&two.report(vec![call("bob", "other")])).await;
        let mut told = Vec::new();
        for _ in wanted {
            let event = watch.next().await;
            told.extend(
                ["bot", "claude", "other"]
                    .into_iter()
                    .filter(|program| event.has(&format!(">{program}<"))),
            );
        }
        told.sort_unstable();
        assert_eq!(told, wanted, "{query}");
        let more = watch.heard(Duration::from_millis(700)).await;
        assert!(more.is_none(), "{query}: {more:?}");
        let page = collector.page(&format!("live{query}")).await;
        for program in ["bot", "claude", "other"] {
            assert_eq!(
                page.contains(&format!(">{program}<")),
                wanted.contains(&program),
                "{query} {program}"
            );
        }
    }
    let page = collector.page("live?q=%22%3E%3Ci%3E").await;
    assert!(
        page.contains("Nothing like this came lately") && !page.contains("\"><i>"),
        "{page}"
    );
    let odd = collector.get("live/events?after=x").await;
    assert_eq!(odd.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_sees_some_hosts_is_told_of_these() {
    let (collector, mut agents) = fleet().await;
    let url = format!("{}live", collector.url);
    for (labels, hosts) in [
        (&["team=web"][..], &["web-1", "web-2"][..]),
        (&["team=web", "team=db", "env=prod"], &["db-1", "web-1"]),
        (&["team=web", "site=ams"], &[]),
    ] {
        let http = seeing(&collector, labels).await;
        let mut watch = Watch::begin(http.get(format!("{url}/events"))).await;
        for agent in &mut agents {
            let report = agent.spool.report(vec![call("dora", "claude")]);
            let answer = crate::running::post(&agent.http, &collector.agents(), &report).await;
            assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
        }
        for host in hosts {
            let event = watch.next().await;
            assert!(event.has(host), "{host}, {labels:?}: {event:?}");
        }
        watch.is_silent().await;
        let page = http
            .get(&url)
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("HTML");
        let mut again = Watch::begin(http.get(format!("{url}/events?after=0"))).await;
        let mut missed = String::new();
        while let Some(event) = again.heard(Duration::from_millis(500)).await {
            missed.push_str(&event.field("data"));
        }
        for host in ["db-1", "web-1", "web-2", "free-1"] {
            assert_eq!(page.contains(host), hosts.contains(&host), "{host}, {labels:?}");
            assert_eq!(missed.contains(host), hosts.contains(&host), "{host}, {labels:?}");
        }
    }
}

#[tokio::test]
async fn people_who_are_not_named_are_neither_told_nor_found() {
    let collector = Collector::start_with(|settings| settings.names = Names::Pseudonyms).await;
    let mut all = Watch::of(&collector, "").await;
    let mut named = Watch::of(&collector, "?user=zebedee").await;
    let mut found = Watch::of(&collector, "?q=zebedee").await;
    let uid = call("zebedee", "bot").caller.user.uid;
    let mut numbered = Watch::of(&collector, &format!("?q={uid}")).await;
    collector
        .take(&Spool::of("web-1").report(vec![call("zebedee", "bot")]))
        .await;
    let event = all.next().await;
    assert!(event.has("person-") && !event.has("zebedee"), "{event:?}");
    for watch in [&mut named, &mut found, &mut numbered] {
        watch.is_silent().await;
    }
}

#[tokio::test]
async fn who_may_no_longer_is_told_no_more() {
    let collector = Collector::start().await;
    // Without one nothing of an account is changed.
    person(&collector, "root", Role::Admin).await;
    let store = collector.store().await;
    let scope = ["team=web".parse().expect("a label")].into_iter().collect();
    let changes = [
        (
            "disabled",
            Some(AccountChange {
                disabled: Some(true),
                ..AccountChange::default()
            }),
        ),
        (
            "narrowed",
            Some(AccountChange {
                scope: Some(scope),
                ..AccountChange::default()
            }),
        ),
        ("leaving", None),
    ];
    let mut watches = Vec::new();
    for (name, change) in changes {
        let browser = person(&collector, name, Role::Viewer).await;
        let watch = Watch::begin(browser.request("GET", "live/events")).await;
        if let Some(change) = change {
            let done = store.change_account(name, &change, &by()).await;
            done.expect("the store").expect("an account");
        } else {
            let (status, _) = browser.write(Method::POST, "logout", &json!({})).await;
            assert_eq!(status, StatusCode::SEE_OTHER);
        }
        watches.push((name, watch));
    }
    let stays = person(&collector, "stays", Role::Viewer).await;
    let mut stays = Watch::begin(stays.request("GET", "live/events")).await;
    for (name, mut watch) in watches {
        let over = watch.heard(Duration::from_secs(20)).await.expect(name);
        assert_eq!(over.field("event"), "over", "{name}");
        assert!(watch.ends(Duration::from_secs(5)).await, "{name}");
    }
    collector
        .take(&Spool::of("web-1").report(vec![call("alice", "bot")]))
        .await;
    assert!(stays.next().await.has("alice"));
}

#[tokio::test]
async fn so_many_may_watch_and_no_more_and_a_collector_stops_all_the_same() {
    let collector = Collector::start().await;
    let mut watches = Vec::new();
    for _ in 0..100 {
        watches.push(Watch::of(&collector, "").await);
    }
    let refused = collector.get("live/events").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "30");
    let said = refused.text().await.expect("JSON");
    assert!(said.contains("close another page"), "{said}");
    assert_eq!(collector.get("live").await.status(), StatusCode::OK);
    drop(watches.pop());
    crate::running::eventually("a place", async || {
        (collector.get("live/events").await.status() == StatusCode::OK).then_some(())
    })
    .await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("alice", "bot")])).await;
    for watch in &mut watches {
        assert!(watch.next().await.has("alice"));
    }
    // Requests that run have ten seconds.
    let begin = Instant::now();
    let collector = collector.restart().await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    for watch in watches {
        assert!(watch.ends(Duration::from_secs(1)).await);
    }
    assert!(
        collector.page("live").await.contains("alice"),
        "it is in the store"
    );
}

#[tokio::test]
async fn more_than_is_shown_is_counted_and_silence_ends_nothing() {
    let collector = Collector::start_with(|settings| settings.limits.idle = Duration::from_millis(600)).await;
    let mut watch = Watch::of(&collector, "").await;
    // For longer than a connection may be idle.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let calls = (0..100).map(|number| call("alice", &format!("bot-{number}")));
    collector.take(&Spool::of("web-1").report(calls.collect())).await;
    let skipped = watch.next().await;
    assert_eq!(skipped.skipped(), Some(36), "{skipped:?}");
    for _ in 0..64 {
        assert!(watch.next().await.has("alice"));
    }
    watch.is_silent().await;
    let token = client().get(format!("{}live/events", collector.url)).send().await;
    assert_eq!(token.expect("an answer").status(), StatusCode::UNAUTHORIZED);
}
