//! A vendor: what it is, what it says of customers' content, what goes to it, who uses it, and what was decided.

use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use umbra_catalog::{Agreement, Fact, Residency, Training};

use super::address::address;
use super::chart;
use super::format::{Bytes, Time, bytes, thousands};
use super::policy::Decision;
use super::row::Row;
use super::shell::{Section, Shell};
use super::shown;
use super::traffic::{days, sent};
use crate::access::Principal;
use crate::app::App;
use crate::catalogue;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::store::{Along, Selection, VendorTraffic};
use crate::traffic::DAYS;

/// Rows of the inventory that are shown; it has the rest.
const ROWS: u16 = 20;
/// Sanctions that are shown.
const SANCTIONS: usize = 50;

#[derive(Template)]
#[template(path = "vendor.html")]
struct Page {
    shell: Shell,
    /// What the page is about, which its table does not repeat.
    about: &'static str,
    name: String,
    /// What the catalogue says; `None`: this one does not know the vendor.
    known: Option<Known>,
    chart: Option<String>,
    /// How many days are looked at.
    span: u16,
    /// Whether what was sent is known; else it is being added up for the first time.
    is_added: bool,
    /// As of when it is, unless it is now.
    time: Option<Time>,
    /// Bytes by day, the days as the head of the table shows them.
    days: Vec<(String, String)>,
    callers: String,
    sum: Bytes,
    rows: Vec<Row>,
    /// The inventory with this vendor.
    inventory: String,
    has_more: bool,
    decisions: Vec<Decision>,
    /// How many decisions there are more.
    more: usize,
}

/// A vendor of the catalogue in words.
struct Known {
    aliases: String,
    homepage: Option<String>,
    privacy_policy: Option<String>,
    facts: Vec<Governance>,
    services: Vec<Service>,
}

/// A fact of governance, and the page that says so.
struct Governance {
    title: &'static str,
    words: String,
    source: Option<String>,
}

/// A product, and the names that tell of it.
struct Service {
    name: String,
    plan: Option<String>,
    kinds: String,
    hosts: Vec<String>,
}

/// `GET /vendors/{vendor}`
pub(crate) async fn vendor(
    State(app): State<App>,
    principal: Principal,
    vendor: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path(name) = vendor.map_err(|error| Refusal::bad(error.body_text()))?;
    let now = Timestamp::now();
    let selection = Selection {
        along: Along::Destinations(Some(name.clone()), None),
        scope: principal.scope.clone(),
        ..Selection::default()
    };
    let used = app.store.uses(&selection, ROWS).await?;
    // What is used under this name is shown, whoever else is called so.
    let named = catalogue::builtin().vendor(&name);
    let known = named.filter(|known| known.name == name);
    if known.is_none() && used.rows.is_empty() {
        let named = named.ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "no vendor of this name is in the catalogue or was used; /inventory has those that were",
            )
        })?;
        return Ok(Redirect::to(&address("vendors", &named.name)).into_response());
    }
    let traffic = sent(&app, &principal.scope, now).await?;
    let time = traffic.as_ref().and_then(|traffic| traffic.time);
    let is_added = traffic.is_some();
    let vendors = traffic.map_or_else(Arc::default, |traffic| traffic.vendors);
    let of_vendor = vendors.iter().find(|of| of.vendor == name);
    let sent = of_vendor.map_or_else(Vec::new, |of| of.days.clone());
    let sum = of_vendor.map_or(0, VendorTraffic::sum);
    let policy = app.store.in_force().await?;
    let about = |scope: &umbra_policy::Scope| scope.vendor.as_deref() == Some(&*name);
    let sanctions: Vec<_> = policy
        .decided
        .sanctions
        .iter()
        .filter(|sanction| about(&sanction.scope))
        .collect();
    let days = days(time.unwrap_or(now));
    let page = Page {
        about: "vendor",
        known: known.map(Known::of),
        span: DAYS,
        is_added,
        time: time.map(Time::from),
        chart: chart::drawn(std::slice::from_ref(&sent), &days),
        days: days
            .iter()
            .zip(&sent)
            .map(|(day, sent)| (day.strftime("%m-%d").to_string(), bytes(*sent)))
            .collect(),
        callers: thousands(of_vendor.map_or(0, |of| of.callers)),
        sum: sum.into(),
        has_more: used.next.is_some(),
        rows: used
            .rows
            .into_iter()
            .map(|used| Row::of(used, &policy, now))
            .collect(),
        inventory: Query {
            vendor: Some(name.clone()),
            ..Query::default()
        }
        .address(),
        more: sanctions.len().saturating_sub(SANCTIONS),
        decisions: sanctions
            .into_iter()
            .take(SANCTIONS)
            .map(|sanction| Decision::of(sanction, app.store.people()))
            .collect(),
        shell: Shell::of(Section::Inventory, principal),
        name,
    };
    shown(StatusCode::OK, &page)
}

impl Known {
    fn of(vendor: &umbra_catalog::Vendor) -> Self {
        let agreement = |value: &Agreement| match value {
            Agreement::Offered => "offered to every customer",
            Agreement::BusinessPlans => "offered on business and API plans alone",
            Agreement::None => "offered to nobody",
        };
        let training = |value: &Training| match value {
            Training::Off => "not used for any customer by default",
            Training::PersonalPlans => "used on free and personal plans, unless the customer objects",
            Training::On => "used for every customer who does not object",
        };
        let residency = |value: &Residency| match value {
            Residency::Offered => "possible for every customer",
            Residency::BusinessPlans => "possible on business and API plans alone",
            Residency::None => "not possible",
        };
        Self {
            aliases: vendor.aliases.join(", "),
            homepage: vendor.links.homepage.clone(),
            privacy_policy: vendor.links.privacy_policy.clone(),
            facts: vec![
                Governance::of("Seat of the company", &vendor.headquarters, ToString::to_string),
                Governance::of(
                    "Data-processing agreement",
                    &vendor.data_processing_agreement,
                    agreement,
                ),
                Governance::of("Content to train models", &vendor.training_default, training),
                Governance::of("Content kept in the EU", &vendor.eu_residency, residency),
            ],
            services: vendor.services.iter().map(Service::of).collect(),
        }
    }
}

impl Governance {
    fn of<T, W: Display>(title: &'static str, fact: &Fact<T>, words: impl Fn(&T) -> W) -> Self {
        Self {
            title,
            words: fact.value().map_or_else(
                || "unknown: no source was found".to_owned(),
                |value| words(value).to_string(),
            ),
            source: fact.source().map(ToOwned::to_owned),
        }
    }
}

impl Service {
    fn of(service: &umbra_catalog::Service) -> Self {
        let mut kinds: Vec<&str> = service
            .patterns
            .iter()
            .map(|pattern| pattern.kind.as_str())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        Self {
            name: service.name.clone(),
            plan: service.plan.clone(),
            kinds: kinds.join(", ").replace('_', " "),
            hosts: service
                .patterns
                .iter()
                .map(|pattern| match pattern.reach {
                    umbra_catalog::Reach::Exact => pattern.host.clone(),
                    umbra_catalog::Reach::Suffix => format!("{} and all below", pattern.host),
                })
                .collect(),
        }
    }
}
