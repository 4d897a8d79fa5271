//! What is asked: every page and route, and what is hard about each.

use super::Facts;

/// A question, in one or several wordings that are asked by turns.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) paths: Vec<String>,
}

/// All of them.
pub(super) fn all(facts: &Facts) -> Vec<Question> {
    let Facts {
        middle, deep, agents, ..
    } = facts;
    let mut questions = vec![
        ask("page", "/inventory".into()),
        ask("page, its part that changes", "/inventory/rows".into()),
        ask(
            "page, after half of the rows",
            format!("/inventory?after={middle}"),
        ),
        ask("page, text in half of the rows", "/inventory?q=openai".into()),
        ask("page, text nowhere", "/inventory?q=zzqqxx".into()),
        ask(
            "page, a verdict that no row has",
            "/inventory?verdict=prohibited".into(),
        ),
        ask(
            "page, two facets that no row has",
            "/inventory?vendor=OpenAI&user=nobody&evidence=socks".into(),
        ),
        ask(
            "page, vendor and evidence",
            "/inventory?vendor=OpenAI&evidence=ip".into(),
        ),
        ask("overview", "/".into()),
        ask("live", "/live".into()),
        ask("findings", "/findings".into()),
        ask("vendor", "/vendors/OpenAI".into()),
        ask("host", format!("/hosts/{}", facts.agent)),
        ask("caller", format!("/callers/{}", facts.caller)),
        ask("user", format!("/users/{}", encoded(&facts.person))),
        ask("inventory", "/v1/inventory".into()),
        ask("inventory, 1,000 rows", "/v1/inventory?limit=1000".into()),
        ask(
            "inventory, after half of the rows",
            format!("/v1/inventory?after={middle}"),
        ),
        ask(
            "inventory, after 99 % of the rows",
            format!("/v1/inventory?after={deep}"),
        ),
        ask("text in every row", text(".corp.example")),
        ask(
            "text in every row, after 99 %",
            format!("{}&after={deep}", text(".corp.example")),
        ),
        ask("text in half of the rows", text("openai")),
        ask(
            "text in half of the rows, after 99 %",
            format!("{}&after={deep}", text("openai")),
        ),
        ask("text in most rows, one letter", text("e")),
        ask("text of a common program", text("curl")),
        ask("text of many rare programs", text("task-")),
        ask("text of a rare program", text(&facts.program)),
        ask("text of a person", text(&facts.person)),
        ask("text of a host", text(&facts.host)),
        ask("text of hosts of which nothing is new", text("old-dc")),
        ask("text nowhere", text("zzqqxx")),
        ask("text nowhere, two letters", text("~x")),
        ask(
            "finding with most rows",
            format!("/v1/inventory?finding={}", facts.common_finding),
        ),
        ask(
            "finding with few rows of a common program",
            format!("/v1/inventory?finding={}", facts.rare_finding),
        ),
        ask(
            "finding that is not there",
            "/v1/inventory?finding=999999999".into(),
        ),
        ask("agents", "/v1/agents".into()),
        ask("agents, 1,000 rows", "/v1/agents?limit=1000".into()),
        ask("agents, after half", format!("/v1/agents?after={}", agents[0])),
        ask("agents, after 99 %", format!("/v1/agents?after={}", agents[1])),
        ask("health", "/healthz".into()),
        ask("metrics", "/metrics".into()),
        ask("OpenAPI", "/v1/openapi.json".into()),
        Question {
            name: "assets",
            paths: ["/assets/page.css", "/assets/page.js", "/assets/icon.svg"]
                .map(str::to_owned)
                .into(),
        },
    ];
    questions.extend(in_other_orders(facts));
    questions
}

/// The inventory in other orders than the newest first.
fn in_other_orders(facts: &Facts) -> Vec<Question> {
    vec![
        ask("page, most bytes out", "/inventory?sort=bytes_out".into()),
        ask("page, last seen", "/inventory?sort=last_seen".into()),
        ask(
            "inventory, most bytes out, 1,000 rows",
            "/v1/inventory?sort=bytes_out&limit=1000".into(),
        ),
        ask(
            "most bytes out, text in half of the rows",
            format!("{}&sort=bytes_out", text("openai")),
        ),
        ask(
            "most bytes out, text of a common program",
            format!("{}&sort=bytes_out", text("curl")),
        ),
        ask(
            "most bytes out, text of many rare programs",
            format!("{}&sort=bytes_out", text("task-")),
        ),
        ask(
            "most bytes out, text of a person",
            format!("{}&sort=bytes_out", text(&facts.person)),
        ),
        ask(
            "last seen, text nowhere",
            format!("{}&sort=last_seen", text("zzqqxx")),
        ),
        ask(
            "last seen, a user",
            format!("/v1/inventory?user={}&sort=last_seen", encoded(&facts.person)),
        ),
        ask(
            "last seen, a vendor and a verdict that no row has",
            "/v1/inventory?vendor=OpenAI&verdict=prohibited&sort=last_seen".into(),
        ),
        ask(
            "last seen, finding with most rows",
            format!("/v1/inventory?finding={}&sort=last_seen", facts.common_finding),
        ),
    ]
}

fn ask(name: &'static str, path: String) -> Question {
    Question {
        name,
        paths: vec![path],
    }
}

/// The inventory with a text in it.
fn text(text: &str) -> String {
    format!("/v1/inventory?q={}", encoded(text))
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
