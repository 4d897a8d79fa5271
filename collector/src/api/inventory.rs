//! `GET /v1/inventory`

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as QueryOf, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use umbra_policy::Verdict;
use umbra_report::{Evidence, Origin, Problem};
use utoipa::ToSchema;

use super::table::{self, Form};
use super::{MOST_ROWS, ROWS};
use crate::access::Principal;
use crate::app::App;
use crate::policy::InForce;
use crate::query::Query;
use crate::questions::Cells;
use crate::refusal::Refusal;
use crate::store::{Export, Use};

/// A part of the inventory. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inventory {
    /// In the order asked for; newest first, by first seen, unless it says. There may be none although there is a `next`:
    /// then all that was looked through is not what is asked for.
    rows: Vec<Row>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
    /// Version of the policy that gave the verdicts; 0 before anything was decided.
    policy: u64,
}

/// A caller on a host, and a name that it used.
#[derive(Debug, Serialize, ToSchema)]
struct Row {
    /// The caller's number; its other rows are `/v1/inventory?caller=…`.
    caller: i64,
    vendor: String,
    service: String,
    kind: String,
    name: String,
    program: String,
    exe: Option<String>,
    script: Option<String>,
    package: Option<String>,
    package_version: Option<String>,
    sha256: Option<String>,
    user: Member,
    host: String,
    agent: String,
    container: Option<Container>,
    unit: Option<String>,
    origin: Option<Origin>,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    evidence: Option<Evidence>,
    verdict: Verdict,
    /// What gave the verdict; null when nobody has decided.
    decision: Option<Decision>,
    finding: Option<i64>,
}

/// The sanction that counts for a row.
#[derive(Debug, Serialize, ToSchema)]
struct Decision {
    /// Its id.
    sanction: String,
    /// What it is about, in words.
    scope: String,
    /// Which data may be sent.
    data: Option<String>,
    reason: String,
    approver: String,
    expires: Option<Timestamp>,
    ticket: Option<String>,
    /// The other sanctions that cover the row, and why each does not count: sentences.
    beaten: Vec<String>,
}

/// A user with the groups that it is in, as the host said last; null when it has not said.
#[derive(Debug, Serialize, ToSchema)]
struct Member {
    uid: u32,
    name: Option<String>,
    groups: Option<Vec<String>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContainerOfRow)]
struct Container {
    id: String,
    image: Option<String>,
    pod: Option<String>,
    namespace: Option<String>,
    workload: Option<String>,
}

impl Decision {
    fn of(decided: &umbra_policy::Decision<'_>, used: &Use) -> Option<Self> {
        let by = decided.by?;
        Some(Self {
            sanction: by.id.clone(),
            scope: used.discreet(by.scope.to_string()),
            data: by.data.as_ref().map(ToString::to_string),
            reason: used.discreet(by.reason.clone()),
            approver: by.approver.clone(),
            expires: by.expires,
            ticket: by.ticket.clone(),
            beaten: decided
                .beaten
                .iter()
                .map(|beaten| used.discreet(beaten.explained(by)))
                .collect(),
        })
    }
}

impl Row {
    fn of(used: Use, policy: &InForce, now: Timestamp) -> Self {
        let decided = policy.decide(&used, now);
        let (verdict, decision) = (decided.verdict, Decision::of(&decided, &used));
        let finding = used.finding_of(verdict);
        Self {
            verdict,
            decision,
            caller: used.caller,
            vendor: used.vendor,
            service: used.service,
            kind: used.kind,
            name: used.name,
            program: used.program,
            exe: used.exe,
            script: used.script,
            package: used.package,
            package_version: used.package_version,
            sha256: used.sha256,
            user: Member {
                uid: used.uid,
                name: used.user_name,
                groups: used.user_groups,
            },
            host: used.host,
            agent: used.agent,
            container: used.container.map(|id| Container {
                id,
                image: used.image,
                pod: used.pod,
                namespace: used.namespace,
                workload: used.workload,
            }),
            unit: used.unit,
            origin: used.origin,
            flows: used.flows,
            bytes_out: used.bytes_out,
            bytes_in: used.bytes_in,
            first_seen: used.first_seen,
            last_seen: used.last_seen,
            evidence: used.evidence,
            finding,
        }
    }
}

impl Cells for Row {
    const HEAD: &'static [&'static str] = &[
        "first_seen",
        "last_seen",
        "vendor",
        "service",
        "kind",
        "name",
        "program",
        "exe",
        "script",
        "package",
        "package_version",
        "sha256",
        "user",
        "uid",
        "host",
        "agent",
        "container",
        "image",
        "pod",
        "namespace",
        "workload",
        "unit",
        "origin",
        "flows",
        "bytes_out",
        "bytes_in",
        "evidence",
        "verdict",
        "sanction",
        "caller",
    ];

    fn cells(&self) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let of_container = |part: fn(&Container) -> Option<String>| {
            self.container.as_ref().and_then(part).unwrap_or_default()
        };
        vec![
            self.first_seen.to_string(),
            self.last_seen.to_string(),
            self.vendor.clone(),
            self.service.clone(),
            self.kind.clone(),
            self.name.clone(),
            self.program.clone(),
            text(&self.exe),
            text(&self.script),
            text(&self.package),
            text(&self.package_version),
            text(&self.sha256),
            text(&self.user.name),
            self.user.uid.to_string(),
            self.host.clone(),
            self.agent.clone(),
            of_container(|container| Some(container.id.clone())),
            of_container(|container| container.image.clone()),
            of_container(|container| container.pod.clone()),
            of_container(|container| container.namespace.clone()),
            of_container(|container| container.workload.clone()),
            text(&self.unit),
            self.origin.as_ref().and_then(Origin::words).unwrap_or_default(),
            self.flows.to_string(),
            self.bytes_out.to_string(),
            self.bytes_in.to_string(),
            self.evidence
                .map_or_else(String::new, |known| known.as_str().to_owned()),
            self.verdict.to_string(),
            self.decision
                .as_ref()
                .map_or_else(String::new, |by| by.sanction.clone()),
            self.caller.to_string(),
        ]
    }
}

/// A part of the inventory: who used what, newest first or in the order asked for
#[utoipa::path(
    get,
    path = "/v1/inventory",
    tag = "inventory",
    security(("token" = ["inventory:read"])),
    params(Query),
    responses(
        (status = 200, description = "The rows; as a table, `X-Next` says where it goes on", content(
            (Inventory = "application/json"), (String = "text/csv"))),
        (status = 400, description = "The question cannot be read", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn inventory(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    query: Result<QueryOf<Query>, QueryRejection>,
) -> Result<Response, Refusal> {
    let QueryOf(query) = query.map_err(|error| Refusal::bad(error.body_text()))?;
    let limit = query.limit.unwrap_or(ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        return Err(Refusal::bad(format!("limit must be from 1 to {MOST_ROWS}")));
    }
    let form = query.format.unwrap_or_else(|| Form::accepted(&headers));
    let policy = app.store.in_force().await?;
    let now = Timestamp::now();
    let scope = principal.scope.clone();
    let page = query.rows(&app.store, &policy, scope, limit, now).await?;
    let rows = page.rows.into_iter().map(|used| Row::of(used, &policy, now));
    let rows: Vec<Row> = rows.collect();
    let next = page.next.map(|position| position.to_string());
    if form == Form::Json {
        return Ok(Json(Inventory {
            rows,
            next,
            policy: policy.decided.number(),
        })
        .into_response());
    }
    let asked = query.fields().into_iter();
    let is_first = query.after.as_deref().is_none_or(str::is_empty);
    let export = Export {
        question: "inventory",
        asked: asked
            .map(|(field, value)| (field.to_owned(), value.into()))
            .collect(),
        rows: rows.len(),
        goes_on: !is_first,
    };
    app.store.note_export(export, &principal.now()).await?;
    table::table(&rows, is_first, next)
}
