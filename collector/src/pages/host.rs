//! A host: how its agent is, what that lost, and who on it uses which AI.

mod labels;
mod losses;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use umbra_report::Condition;
use uuid::Uuid;

use super::fact::{self, Fact};
use super::format::{Time, ago, bytes, moment, thousands};
use super::row::Row;
use super::sent::Sent;
use super::shell::{Section, Shell};
use super::shown;
use crate::access::Principal;
use crate::app::App;
use crate::presence::State as Heard;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::{Along, Host, Loss as Lost, Selection};
use crate::traffic::DAYS;
use labels::Form;
pub(crate) use labels::label_host;

/// Rows of the inventory that are shown; it has the rest.
const ROWS: u16 = 50;

#[derive(Template)]
#[template(path = "host.html")]
struct Page {
    shell: Shell,
    about: &'static str,
    name: String,
    state: Heard,
    /// What that means here.
    sentence: String,
    /// What is not as it should be, in sentences.
    warnings: Vec<String>,
    facts: Vec<Fact>,
    losses: Vec<Loss>,
    sent: Sent,
    rows: Vec<Row>,
    has_more: bool,
    /// The inventory with this host's name.
    inventory: String,
    /// For admins, of a host that has enrolled.
    form: Option<Form>,
}

/// What was lost for one cause, in words.
struct Loss {
    cause: String,
    count: String,
    last_rise: Time,
    lost: &'static str,
    remedy: &'static str,
}

/// `GET /hosts/{agent}`
pub(crate) async fn host(
    State(app): State<App>,
    principal: Principal,
    agent: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(agent) = agent.map_err(|error| Refusal::bad(error.body_text()))?;
    page(&app, principal, agent, None).await
}

/// The page, after labels could not be set as they were typed.
async fn page(
    app: &App,
    principal: Principal,
    agent: Uuid,
    refused: Option<(String, Refusal)>,
) -> Result<Response, Refusal> {
    let status = refused
        .as_ref()
        .map_or(StatusCode::OK, |(_, refusal)| refusal.status());
    let found = app
        .store
        .host(&principal.scope, app.missing, &agent.to_string())
        .await?;
    let found = found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("no agent {agent} has reported; /inventory has the hosts that did"),
        )
    })?;
    let now = Timestamp::now();
    let policy = app.store.in_force().await?;
    let traffic = app.store.traffic_of_agent(found.roll.row, DAYS, now).await?;
    let selection = Selection {
        along: Along::Agent(found.roll.row),
        scope: principal.scope.clone(),
        ..Selection::default()
    };
    let used = app.store.uses(&selection, ROWS).await?;
    let has_more = used.next.is_some();
    let rows = used.rows.into_iter();
    let page = Page {
        about: "host",
        state: found.roll.state,
        sentence: sentence(&found, now),
        warnings: warnings(&found),
        facts: facts(&found),
        losses: found.losses.iter().map(Loss::of).collect(),
        sent: Sent::of(&traffic, now),
        rows: rows.map(|used| Row::of(used, &policy, now)).collect(),
        has_more,
        inventory: Query {
            host: Some(found.roll.host.clone()),
            ..Query::default()
        }
        .address(),
        form: Form::of(&principal, &found, refused),
        name: found.roll.host,
        shell: Shell::of(Section::Inventory, principal),
    };
    shown(status, &page)
}

/// Whether it is heard, and since when not.
fn sentence(host: &Host, now: Timestamp) -> String {
    let last = ago(host.roll.last_report, now);
    match host.roll.state {
        Heard::Online => format!("Its agent reports; last {last}."),
        Heard::Late => format!(
            "Its agent last reported {last}: the host is off or cut off, or the agent stopped. What is used there meanwhile is not seen, unless the agent runs and keeps it."
        ),
        Heard::Missing => format!("Its agent last reported {last}, and is taken for gone."),
        Heard::Retired => format!("It was said to be gone, or shut out; its agent last reported {last}."),
    }
}

fn warnings(host: &Host) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(clone) = host.clone {
        warnings.push(format!(
            "Possible clone: two hosts reported as this agent, last on {}. Enrol one of them anew.",
            clone.strftime("%Y-%m-%d %H:%M UTC")
        ));
    }
    if let Some(why) = &host.refused {
        warnings.push(format!(
            "It does not run the configuration that it was given: {why}."
        ));
    }
    if let Some(error) = host.roll.condition.as_ref().and_then(|of| of.last_error.as_ref()) {
        warnings.push(format!(
            "Its last report that went wrong, on {}: {}.",
            error.time.strftime("%Y-%m-%d %H:%M UTC"),
            error.error
        ));
    }
    if host.roll.condition.as_ref().is_some_and(|of| of.programs == 0) {
        warnings.push("No kernel program is attached: nothing is seen.".to_owned());
    }
    warnings
}

fn facts(host: &Host) -> Vec<Fact> {
    let roll = &host.roll;
    let mut facts = vec![
        Fact::new("Agent", format!("umbra-agent {}, {}", roll.version, roll.agent)),
        Fact::new("Kernel", &roll.kernel),
        Fact::new("Labels", fact::labels(&host.labels)),
        Fact::new("Agent’s start", moment(roll.started)),
        Fact::new("First report", moment(roll.first_report)),
        Fact::new("Last report", moment(roll.last_report)),
        Fact::new(
            "Enrolled",
            host.enrolled
                .map_or_else(|| "no: it reports over loopback".to_owned(), moment),
        ),
    ];
    facts.extend(host.machine_id.as_ref().map(|id| Fact::new("Machine id", id)));
    facts.push(Fact::new(
        "Configuration",
        host.configuration.map_or_else(
            || "its own file".to_owned(),
            |revision| format!("revision {revision} of this collector"),
        ),
    ));
    if let Some(condition) = &roll.condition {
        facts.extend(work(condition));
    }
    let gaps = host.gaps;
    facts.push(Fact::new(
        "Records that never came",
        match (gaps.told, gaps.untold) {
            (0, 0) => "none".to_owned(),
            (told, 0) => format!("{}, told by the agent", thousands(told)),
            (told, untold) => format!(
                "{}, of which the agent did not tell {}",
                thousands(told.saturating_add(untold)),
                thousands(untold)
            ),
        },
    ));
    facts
}

/// What an agent says of its own work.
fn work(condition: &Condition) -> Vec<Fact> {
    let mut facts = vec![Fact::new(
        "Kernel programs",
        format!("{} attached", condition.programs),
    )];
    facts.extend(
        condition
            .catalogue
            .as_ref()
            .map(|catalogue| Fact::new("Catalogue", catalogue)),
    );
    facts.extend(condition.spool.map(|spool| {
        let lag = match spool.records {
            0 => "nothing waits".to_owned(),
            records => format!(
                "{} record{} ({}), the oldest made {} s before the report",
                thousands(records),
                if records == 1 { "" } else { "s" },
                bytes(spool.bytes),
                thousands(spool.oldest_seconds)
            ),
        };
        Fact::new("Waiting to be sent", lag)
    }));
    facts
}

impl Loss {
    fn of(lost: &Lost) -> Self {
        let (what, remedy) = losses::told(&lost.cause);
        Self {
            cause: lost.cause.replace('_', " "),
            count: thousands(lost.count),
            last_rise: lost.last_rise.into(),
            lost: what,
            remedy,
        }
    }
}
