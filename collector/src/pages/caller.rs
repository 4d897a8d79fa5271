//! A caller: a user's program on a host, how it was started, what it uses, how that is known, and what was decided.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use umbra_policy::Verdict;
use umbra_report::Origin;

use super::address::address;
use super::ask::{Asking, Typed};
use super::asked::Asked;
use super::fact::{Fact, labels};
use super::format::{Time, moment};
use super::row::Row;
use super::sent::Sent;
use super::shell::{Section, Shell};
use super::terms::CLASSES;
use super::{decide, shown};
use crate::access::{Principal, Right};
use crate::app::App;
use crate::policy::InForce;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::{Along, Page as Uses, Selection, Term, Use};
use crate::traffic::DAYS;

/// Names that are shown.
const USES: u16 = 100;
/// Uses of the same program that are looked at, and callers of them that are shown.
const OTHERS: (u16, usize) = (200, 20);

#[derive(Template)]
#[template(path = "caller.html")]
struct Page {
    shell: Shell,
    number: i64,
    /// The request that was just made.
    asked: Option<i64>,
    ask: Asking,
    /// Where all of it is decided about, for who may.
    decide: Option<String>,
    program: String,
    user: String,
    host: String,
    facts: Vec<Fact>,
    /// What set it off, in words.
    origin: Option<String>,
    /// Programs from the one furthest up to the caller's own.
    line: Vec<String>,
    /// Vendors, each once.
    vendors: Vec<String>,
    sent: Sent,
    names: Vec<Name>,
    has_more: bool,
    others: Vec<Other>,
    /// The inventory with the same program everywhere.
    everywhere: String,
    /// The inventory with this caller.
    inventory: String,
}

/// A name that it used.
struct Name {
    row: Row,
    /// When it was last seen to go directly, without a proxy.
    direct: Option<Time>,
    /// Why other sanctions do not count.
    beaten: Vec<String>,
}

/// The same program of another user, or on another host.
struct Other {
    caller: i64,
    user: String,
    host: String,
}

/// `?asked=…`: the request that was just made.
#[derive(Debug, Deserialize)]
pub(crate) struct After {
    asked: Option<i64>,
}

/// `GET /callers/{caller}`
pub(crate) async fn caller(
    State(app): State<App>,
    principal: Principal,
    caller: Result<Path<i64>, PathRejection>,
    Asked(after): Asked<After>,
) -> Result<Response, Refusal> {
    let Path(caller) = caller.map_err(|error| Refusal::bad(error.body_text()))?;
    page(&app, principal, caller, after.asked, None).await
}

fn selection(principal: &Principal, along: Along) -> Selection {
    Selection {
        along,
        scope: principal.scope.clone(),
        ..Selection::default()
    }
}

/// What a caller uses.
pub(super) async fn uses(app: &App, principal: &Principal, caller: i64) -> Result<Uses, Refusal> {
    Ok(app
        .store
        .uses(&selection(principal, Along::Caller(caller)), USES)
        .await?)
}

/// The use that was seen last, which has what was last said of the caller.
pub(super) fn newest(uses: &[Use], caller: i64) -> Result<&Use, Refusal> {
    uses.iter().max_by_key(|used| used.last_seen).ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            format!("there is no caller {caller}; /inventory has those that there are"),
        )
    })
}

/// The page, after a request was made, or could not be as it was typed.
pub(super) async fn page(
    app: &App,
    principal: Principal,
    caller: i64,
    asked: Option<i64>,
    refused: Option<(Typed, Refusal)>,
) -> Result<Response, Refusal> {
    let used = uses(app, &principal, caller).await?;
    let newest = newest(&used.rows, caller)?;
    let (typed, refusal) = refused.unzip();
    let status = refusal.as_ref().map_or(StatusCode::OK, Refusal::status);
    let now = Timestamp::now();
    let policy = app.store.in_force().await?;
    let typed = typed.unwrap_or_else(|| {
        // What nobody has decided is what is asked for most.
        let is_open = |used: &&Use| policy.decide(used, now).verdict == Verdict::Unreviewed;
        Typed::begin(used.rows.iter().find(is_open).unwrap_or(newest))
    });
    let traffic = app.store.traffic_of_caller(caller, DAYS, now).await?;
    // By the name that the store has, where users are hidden.
    let program = Along::Term(Term::Program, newest.real().program.clone());
    let same = app.store.uses(&selection(&principal, program), OTHERS.0).await?;
    let mut vendors: Vec<String> = used.rows.iter().map(|used| used.vendor.clone()).collect();
    vendors.sort_unstable();
    vendors.dedup();
    let page = Page {
        program: newest.program.clone(),
        user: newest.user(),
        host: newest.host.clone(),
        facts: facts(newest, &used.rows),
        origin: newest.origin.as_ref().and_then(Origin::words),
        line: line(newest),
        vendors,
        sent: Sent::of(&traffic, now),
        others: others(&same.rows, newest),
        everywhere: Query {
            program: Some(newest.program.clone()),
            ..Query::default()
        }
        .address(),
        inventory: Query {
            caller: Some(caller),
            ..Query::default()
        }
        .address(),
        has_more: used.next.is_some(),
        number: caller,
        asked,
        decide: principal
            .may(Right::PolicyWrite)
            .then(|| decide::link(&used.rows)),
        ask: Asking::of(&principal, typed, refusal.as_ref()),
        names: used
            .rows
            .into_iter()
            .map(|used| Name::of(used, &policy, now))
            .collect(),
        shell: Shell::of(Section::Inventory, principal),
    };
    shown(status, &page)
}

fn facts(newest: &Use, uses: &[Use]) -> Vec<Fact> {
    let named = match newest.shown_uid() {
        Some(uid) => format!("{} (uid {uid})", newest.user()),
        None => newest.user(),
    };
    let mut facts = vec![
        Fact::linked("User", named, address("users", newest.user())),
        Fact::linked("Host", &newest.host, format!("/hosts/{}", newest.agent)),
    ];
    let mut known = |title, text: Option<String>| facts.extend(text.map(|text| Fact::new(title, text)));
    let groups = newest.user_groups.as_ref().map(|groups| groups.join(", "));
    known("Groups", groups.filter(|groups| !groups.is_empty()));
    known("Host’s labels", Some(labels(&newest.labels)));
    known("Executable", newest.exe.clone());
    known("Script", newest.script.clone());
    let version = newest.package_version.as_deref().unwrap_or_default();
    let package = newest.package.as_ref();
    known(
        "Package",
        package.map(|package| format!("{package} {version}").trim().to_owned()),
    );
    known("SHA-256", newest.sha256.clone());
    known("Unit", newest.unit.clone());
    known("Container", newest.container.clone());
    known("Image", newest.image.clone());
    known("Pod", newest.pod.clone());
    known("Namespace", newest.namespace.clone());
    known("Workload", newest.workload.clone());
    known(
        "First seen",
        uses.iter().map(|used| used.first_seen).min().map(moment),
    );
    known("Last seen", Some(moment(newest.last_seen)));
    facts
}

/// The programs that it came down from, the one furthest up first, and its own.
fn line(used: &Use) -> Vec<String> {
    let ancestors = used
        .origin
        .iter()
        .flat_map(|origin| origin.ancestors.iter().rev());
    ancestors.chain([&used.program]).cloned().collect()
}

/// The same program of others, the newest first.
fn others(uses: &[Use], this: &Use) -> Vec<Other> {
    let mut place = 0;
    let mut others: BTreeMap<i64, (usize, Other)> = BTreeMap::new();
    for used in uses
        .iter()
        .filter(|used| used.caller != this.caller && used.program == this.program)
    {
        others.entry(used.caller).or_insert_with(|| {
            place += 1;
            let other = Other {
                caller: used.caller,
                user: used.user(),
                host: used.host.clone(),
            };
            (place, other)
        });
    }
    let mut others: Vec<(usize, Other)> = others.into_values().collect();
    others.sort_by_key(|(place, _)| *place);
    others
        .into_iter()
        .take(OTHERS.1)
        .map(|(_, other)| other)
        .collect()
}

impl Name {
    fn of(used: Use, policy: &InForce, now: Timestamp) -> Self {
        let decision = policy.decide(&used, now);
        let beaten = decision.by.map_or_else(Vec::new, |by| {
            let beaten = decision.beaten.iter();
            beaten.map(|beaten| used.discreet(beaten.explained(by))).collect()
        });
        Self {
            direct: used.direct_seen.map(Time::from),
            beaten,
            row: Row::of(used, policy, now),
        }
    }
}
