//! A user by name, on whichever hosts: what people and services of that name use.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::address::address;
use super::fact::Fact;
use super::format::{Bytes, exactly, moment, thousands};
use super::row::Row;
use super::shell::{Section, Shell};
use super::shown;
use crate::access::Principal;
use crate::app::App;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::Use;

/// Uses that are looked at.
const USES: u16 = 500;
/// Rows of them that are shown.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "user.html")]
struct Page {
    shell: Shell,
    about: &'static str,
    name: String,
    facts: Vec<Fact>,
    hosts: Vec<Host>,
    vendors: Vec<Vendor>,
    rows: Vec<Row>,
    /// How many uses all of it is made of, and whether there are more.
    uses: usize,
    has_more: bool,
    /// The inventory with this user.
    inventory: String,
}

/// A host on which the user has an account.
struct Host {
    agent: String,
    name: String,
    uid: Option<u32>,
}

/// A vendor that the user used.
struct Vendor {
    name: String,
    href: String,
    bytes_out: Bytes,
}

/// `GET /users/{user}`: a name, or `uid 1000` of one without.
pub(crate) async fn user(
    State(app): State<App>,
    principal: Principal,
    user: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(name) = user.map_err(|error| Refusal::bad(error.body_text()))?;
    let now = Timestamp::now();
    let policy = app.store.in_force().await?;
    let query = Query {
        user: Some(name.clone()),
        ..Query::default()
    };
    let scope = principal.scope.clone();
    let found = query.rows(&app.store, &policy, scope, USES, now).await?;
    if found.rows.is_empty() && found.next.is_none() {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "no user of this name was seen to use an AI vendor; /inventory has those that were",
        ));
    }
    let page = Page {
        about: "user",
        facts: facts(&found.rows),
        hosts: hosts(&found.rows),
        vendors: vendors(&found.rows),
        uses: found.rows.len(),
        has_more: found.next.is_some(),
        rows: found
            .rows
            .into_iter()
            .take(ROWS)
            .map(|used| Row::of(used, &policy, now))
            .collect(),
        inventory: query.address(),
        shell: Shell::of(Section::Inventory, principal),
        name,
    };
    shown(StatusCode::OK, &page)
}

fn facts(uses: &[Use]) -> Vec<Fact> {
    let groups: BTreeSet<&str> = uses
        .iter()
        .flat_map(|used| used.user_groups.iter().flatten())
        .map(String::as_str)
        .collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let programs: BTreeSet<&str> = uses.iter().map(|used| &*used.program).collect();
    let sent = uses
        .iter()
        .fold(0_u64, |sum, used| sum.saturating_add(used.bytes_out));
    let mut facts = vec![
        Fact::new(
            "Groups",
            if groups.is_empty() {
                "not told".to_owned()
            } else {
                groups.join(", ")
            },
        ),
        Fact::new("Programs", thousands(programs.len() as u64)),
        Fact::new("Sent", exactly(sent)),
    ];
    let first = uses.iter().map(|used| used.first_seen).min();
    let last = uses.iter().map(|used| used.last_seen).max();
    facts.extend(first.map(|first| Fact::new("First seen", moment(first))));
    facts.extend(last.map(|last| Fact::new("Last seen", moment(last))));
    facts
}

fn hosts(uses: &[Use]) -> Vec<Host> {
    let hosts: BTreeMap<(&str, &str), Option<u32>> = uses
        .iter()
        .map(|used| ((&*used.host, &*used.agent), used.shown_uid()))
        .collect();
    let host = |((name, agent), uid): ((&str, &str), Option<u32>)| Host {
        agent: agent.to_owned(),
        name: name.to_owned(),
        uid,
    };
    hosts.into_iter().map(host).collect()
}

/// The vendor that was sent most comes first.
fn vendors(uses: &[Use]) -> Vec<Vendor> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for used in uses {
        let sum = sums.entry(&used.vendor).or_default();
        *sum = sum.saturating_add(used.bytes_out);
    }
    let mut sums: Vec<(&str, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let vendor = |(name, sum): (&str, u64)| Vendor {
        name: name.to_owned(),
        href: address("vendors", name),
        bytes_out: sum.into(),
    };
    sums.into_iter().map(vendor).collect()
}
