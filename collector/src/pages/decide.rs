//! Deciding about one or many rows of the inventory at once: asking for sanctions, or proposing a policy with them.

mod chosen;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use umbra_policy::{Sanction, Verdict};

use super::row::Row;
use super::shell::{Section, Shell};
use super::terms::{CLASSES, Terms, called, scope};
use super::{policy, sentence, shown};
use crate::access::{Principal, Right};
use crate::api::requests::{ask, check, refused};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::Use;
pub(crate) use chosen::Chosen;
pub(super) use chosen::link;
use chosen::{each, names};

/// Characters of a version's comment.
const COMMENT: usize = 200;

#[derive(Template)]
#[template(path = "decide.html")]
struct Page {
    shell: Shell,
    /// Where the form is sent.
    action: String,
    rows: Vec<Row>,
    /// How many of the chosen are not there.
    missing: usize,
    /// What each sanction would be called, with its program and vendor.
    sanctions: Vec<(String, String, String)>,
    /// Requests that were just made, and whether whoever reads sees them.
    asked: Vec<i64>,
    sees_requests: bool,
    /// What a write shows; of programs none, which do this by the API.
    csrf: Option<String>,
    now: Now,
    typed: Typed,
    /// What is wrong.
    message: String,
}

/// Whether whoever reads may decide at once.
#[derive(PartialEq, Eq)]
enum Now {
    May,
    MayNot,
    /// The text of a policy names people, whom nobody may see named.
    Hidden,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    /// Whether it is about the users that were chosen alone: any text.
    mine: Option<String>,
    #[serde(flatten)]
    terms: Terms,
    /// The button: `ask`, `sanction` or `prohibit`.
    action: String,
}

/// `GET /decide?use=…`
pub(crate) async fn decide(
    State(app): State<App>,
    principal: Principal,
    chosen: Chosen,
) -> Result<Response, Refusal> {
    let rows = chosen.rows(&app, &principal).await?;
    page(&app, principal, &chosen, rows, Typed::default(), None).await
}

/// `POST /decide?use=…`: by the page's form.
pub(crate) async fn decide_on_chosen(
    State(app): State<App>,
    principal: Principal,
    chosen: Chosen,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let rows = chosen.rows(&app, &principal).await?;
    match act(&app, &principal, &chosen, &rows, &typed).await {
        Err(refusal) if refusal.status().is_client_error() => {
            page(&app, principal, &chosen, rows, typed, Some(refusal)).await
        }
        done => done,
    }
}

async fn act(
    app: &App,
    principal: &Principal,
    chosen: &Chosen,
    rows: &[Use],
    typed: &Typed,
) -> Result<Response, Refusal> {
    if rows.is_empty() || rows.len() < chosen.uses.len() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "not all of the chosen rows are there, so nothing was done: choose again in the inventory",
        ));
    }
    let verdict = match typed.action.as_str() {
        "ask" | "sanction" => Verdict::Sanctioned,
        "prohibit" => Verdict::Prohibited,
        _ => return Err(Refusal::bad("action must be ask, sanction or prohibit")),
    };
    let sanctions = sanctions(app, principal, rows, typed, verdict).await?;
    if typed.action == "ask" {
        let made = ask(app, principal, &sanctions).await?;
        return Ok(Redirect::to(&format!("{}#decision", chosen.address(&made))).into_response());
    }
    propose(app, principal, &sanctions).await
}

/// What is to be decided, a sanction for each program with a vendor.
async fn sanctions(
    app: &App,
    principal: &Principal,
    rows: &[Use],
    typed: &Typed,
    verdict: Verdict,
) -> Result<Vec<Sanction>, Refusal> {
    let each = each(rows, typed.mine.is_some());
    let policy = app.store.in_force().await?;
    let names = names(&each, &policy, app.store.pending_names().await?);
    let sanction = |(used, name): (&&Use, &String)| {
        let scope = scope(used, &used.vendor, typed.mine.is_some()).map_err(|refusal| {
            Refusal::bad(format!(
                "{} of {}: {}",
                used.program,
                used.user(),
                refusal.error()
            ))
        })?;
        typed.terms.sanction(verdict, name, scope, &principal.actor)
    };
    each.iter().zip(&names).map(sanction).collect()
}

/// Shows what the policy with these sanctions would change; nothing changes before it is put in force.
async fn propose(app: &App, principal: &Principal, sanctions: &[Sanction]) -> Result<Response, Refusal> {
    if !principal.may(Right::PolicyWrite) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "to decide at once takes the role approver: ask for a sanction",
        ));
    }
    let classes = sanctions.iter().filter_map(|sanction| sanction.data.as_ref());
    if let Some(class) = classes.into_iter().find(|class| class.takes_two()) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("{class} data takes two people: ask for it, and have somebody else approve"),
        ));
    }
    check(sanctions)?;
    let by = principal.now();
    let text = app.store.policy_with(sanctions, &by).await.map_err(refused)?;
    let reason = sanctions.first().map_or("", |sanction| &sanction.reason);
    let line = reason
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    policy::propose(app, principal, text, line.take(COMMENT).collect()).await
}

async fn page(
    app: &App,
    principal: Principal,
    chosen: &Chosen,
    rows: Vec<Use>,
    typed: Typed,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let (now, policy) = (Timestamp::now(), app.store.in_force().await?);
    let each = each(&rows, typed.mine.is_some());
    let names = names(&each, &policy, app.store.pending_names().await?);
    let told = |(used, name): (&&Use, String)| (name, used.program.clone(), used.vendor.clone());
    let page = Page {
        action: chosen.address(&[]),
        missing: chosen.uses.len() - rows.len(),
        sanctions: each.iter().zip(names).map(told).collect(),
        asked: chosen.asked.iter().copied().collect(),
        sees_requests: principal.may(Right::AuditRead),
        csrf: principal.csrf.clone(),
        now: match principal.may(Right::PolicyWrite) {
            false => Now::MayNot,
            true if app.store.people().are_hidden() => Now::Hidden,
            true => Now::May,
        },
        message: refusal
            .as_ref()
            .map_or_else(String::new, |refusal| sentence(refusal.error())),
        typed,
        rows: rows.into_iter().map(|used| Row::of(used, &policy, now)).collect(),
        shell: Shell::of(Section::Inventory, principal),
    };
    shown(refusal.map_or(StatusCode::OK, |refusal| refusal.status()), &page)
}
