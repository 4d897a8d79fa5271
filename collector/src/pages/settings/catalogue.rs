//! The catalogue of this version, and what agents are given to run with.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, Part};
use crate::access::Principal;
use crate::app::App;
use crate::catalogue;
use crate::pages::format::{Time, thousands};
use crate::pages::shell::{Section, Shell};
use crate::pages::shown;
use crate::refusal::Refusal;
use crate::store::Assignment;

/// Decisions who runs what on a page.
const ROWS: u16 = 50;
/// Hosts that refuse what they are given on a page.
const REFUSALS: u16 = 10;
/// Characters of a reason that are shown.
const REASON: usize = 300;

#[derive(Template)]
#[template(path = "settings/catalogue.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    version: &'static str,
    vendors: String,
    services: String,
    patterns: String,
    /// The days on which a pattern's sources were last read: the first and the last of them.
    verified: Option<(String, String)>,
    rows: Vec<Row>,
    is_cut: bool,
    /// Hosts that refuse what they are given, and why.
    refusals: Vec<(String, String)>,
}

/// Who is to run what, in words.
struct Row {
    to: String,
    revision: u64,
    published: Time,
    comment: String,
    /// What is in it.
    content: String,
    /// Agents that run the revision.
    running: String,
}

impl Row {
    fn of(assignment: Assignment, running: &[(u64, u64, u64)]) -> Self {
        let settings = &assignment.settings;
        let mut content = Vec::new();
        for (what, seconds) in [
            ("report every", settings.interval_seconds),
            ("ask for the configuration every", settings.poll_seconds),
        ] {
            content.extend(seconds.map(|seconds| format!("{what} {seconds} s")));
        }
        if assignment.has_catalogue {
            content.push("have a catalogue over the built-in one".to_owned());
        }
        let run = running
            .iter()
            .find(|(revision, ..)| *revision == assignment.revision);
        Self {
            to: assignment
                .to
                .map_or_else(|| "all hosts".to_owned(), |label| label.to_string()),
            revision: assignment.revision,
            published: assignment.published.into(),
            comment: assignment.comment,
            content: if content.is_empty() {
                "nothing: agents’ own files count".to_owned()
            } else {
                content.join(", ")
            },
            running: thousands(run.map_or(0, |(_, run, _)| *run)),
        }
    }
}

/// `GET /settings/catalogue`
pub(crate) async fn page(State(app): State<App>, principal: Principal) -> Result<Response, Refusal> {
    let known = catalogue::builtin();
    let days = || known.patterns().map(|it| it.pattern.verified_on);
    let verified = days().min().zip(days().max());
    let services: usize = known.vendors().iter().map(|vendor| vendor.services.len()).sum();
    let size = |count: usize| thousands(u64::try_from(count).unwrap_or(u64::MAX));
    let running = app.store.running().await?;
    let assignments = app.store.assignments(ROWS + 1).await?;
    let refusals = app.store.refusals(REFUSALS).await?;
    let page = Page {
        frame: Frame::of(Part::Catalogue, &principal, None),
        shell: Shell::of(Section::Settings, principal),
        version: env!("CARGO_PKG_VERSION"),
        vendors: size(known.vendors().len()),
        services: size(services),
        patterns: size(known.patterns().count()),
        verified: verified.map(|(first, last)| (first.to_string(), last.to_string())),
        is_cut: assignments.len() > usize::from(ROWS),
        rows: assignments
            .into_iter()
            .take(ROWS.into())
            .map(|assignment| Row::of(assignment, &running))
            .collect(),
        refusals: refusals
            .into_iter()
            .map(|(host, why)| (host, why.chars().take(REASON).collect()))
            .collect(),
    };
    shown(StatusCode::OK, &page)
}
