//! A policy before it is in force: written, held against the inventory, and applied.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use umbra_policy::Verdict;

use super::changes::{Line, changed};
use crate::access::Principal;
use crate::api::apply::{NewVersion, Planned, planned, put_in_force};
use crate::app::App;
use crate::authority::fingerprint;
use crate::pages::format::thousands;
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::policy::Turn;
use crate::refusal::Refusal;

/// Bytes of a policy that can be written here: a page is no place for a longer one.
const TEXT: usize = 64 << 10;
/// Callers with another verdict that are shown.
const TURNS: usize = 50;
const TOO_LONG: &str = "the policy in force is too long to be changed on a page; \
                        `umbra-collector policy export`, `plan` and `apply` take any";
/// What a policy begins with.
const BEGIN: &str = "version = 1\n";

#[derive(Template)]
#[template(path = "draft.html")]
struct Page {
    shell: Shell,
    csrf: String,
    typed: Typed,
    /// What is wrong.
    message: String,
    outlook: Option<Outlook>,
}

/// What it would change, in words.
struct Outlook {
    uses: String,
    turned: String,
    /// Verdict before and after, the sanction that would count, and how many uses.
    sums: Vec<(Verdict, Verdict, String, String)>,
    turns: Vec<Turn>,
    changes: Vec<Line>,
    is_cut: bool,
    /// What may not be meant as it is written.
    remarks: Vec<String>,
    /// Sanctions that came by requests and would end, with the requests' numbers.
    dropped: BTreeMap<String, i64>,
}

/// What is typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    policy: String,
    comment: String,
    /// The version that it was planned against.
    against: u64,
    /// What was planned (its SHA-256), so that nothing else is put in force.
    planned: String,
    /// Any text: what came by requests may end.
    drop_requested: Option<String>,
    /// The button: `plan` or `apply`.
    action: String,
}

/// `GET /policy/draft`
pub(crate) async fn draft(State(app): State<App>, principal: Principal) -> Result<Response, Refusal> {
    may_be_shown(&app)?;
    let version = app.store.policy_version().await?;
    let text = app.store.policy_text(version).await?;
    let text = text.unwrap_or_else(|| BEGIN.to_owned());
    if text.len() > TEXT {
        return Err(Refusal::new(StatusCode::CONFLICT, TOO_LONG));
    }
    let typed = Typed {
        policy: text,
        against: version,
        ..Typed::default()
    };
    page(principal, typed, None, None)
}

/// `POST /policy/draft`: by the page's form.
pub(crate) async fn try_draft(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    may_be_shown(&app)?;
    let Form(mut typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    // Browsers send lines of a text apart by CR LF.
    typed.policy = typed.policy.replace("\r\n", "\n");
    if typed.policy.len() > TEXT {
        let refusal = Refusal::bad("a policy of more than 64 KiB is applied by the command or the API");
        return page(principal, typed, None, Some(refusal));
    }
    let is_planned = typed.planned == fingerprint(typed.policy.as_bytes());
    if typed.action == "apply" && is_planned {
        let new = NewVersion {
            policy: typed.policy.clone(),
            against: i64::try_from(typed.against).unwrap_or(i64::MAX),
            comment: typed.comment.trim().to_owned(),
            drop_requested: typed.drop_requested.is_some(),
        };
        return match put_in_force(&app, &principal, new).await {
            Ok(applied) => Ok(Redirect::to(&format!("/policy/{}", applied.version)).into_response()),
            Err(refusal) if refusal.status().is_client_error() => page(principal, typed, None, Some(refusal)),
            Err(refusal) => Err(refusal),
        };
    }
    let refusal = (typed.action == "apply").then(|| {
        Refusal::bad("the text has changed since it was planned; look at what it would change first")
    });
    match looked_at(&app, &principal, typed.clone(), refusal).await {
        Err(refusal) if refusal.status().is_client_error() => page(principal, typed, None, Some(refusal)),
        shown => shown,
    }
}

/// The page with what another page proposes, held against the inventory; nothing changes before it is put in force.
pub(crate) async fn propose(
    app: &App,
    principal: &Principal,
    policy: String,
    comment: String,
) -> Result<Response, Refusal> {
    may_be_shown(app)?;
    if policy.len() > TEXT {
        return Err(Refusal::new(StatusCode::CONFLICT, TOO_LONG));
    }
    let typed = Typed {
        policy,
        comment,
        ..Typed::default()
    };
    looked_at(app, principal, typed, None).await
}

/// The page with what is typed held against the inventory.
async fn looked_at(
    app: &App,
    principal: &Principal,
    typed: Typed,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let planned = planned(app, typed.policy.clone()).await?;
    let typed = Typed {
        against: planned.before.number(),
        planned: fingerprint(typed.policy.as_bytes()),
        ..typed
    };
    let before = app.store.policy_text(typed.against).await?.unwrap_or_default();
    let outlook = Outlook::of(planned, before).await?;
    page(principal.clone(), typed, Some(outlook), refusal)
}

/// The text of a policy names people.
fn may_be_shown(app: &App) -> Result<(), Refusal> {
    if app.store.people().are_hidden() {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "the text of a policy may name people, and this collector names nobody on its pages; \
             `umbra-collector policy export`, `plan` and `apply` do on its machine",
        ));
    }
    Ok(())
}

fn page(
    principal: Principal,
    typed: Typed,
    outlook: Option<Outlook>,
    refusal: Option<Refusal>,
) -> Result<Response, Refusal> {
    let page = Page {
        csrf: principal.csrf.clone().unwrap_or_default(),
        typed,
        message: refusal
            .as_ref()
            .map_or_else(String::new, |refusal| sentence(refusal.error())),
        outlook,
        shell: Shell::of(Section::Policy, principal),
    };
    shown(refusal.map_or(StatusCode::OK, |refusal| refusal.status()), &page)
}

impl Outlook {
    async fn of(planned: Planned, before_text: String) -> Result<Self, Refusal> {
        let Planned {
            text,
            file,
            before,
            mut plan,
        } = planned;
        let compared = tokio::task::spawn_blocking(move || changed(&before_text, &text));
        let (changes, is_cut) = compared.await.map_err(|error| {
            tracing::error!("two versions of the policy cannot be compared: {error}");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the collector failed; see its log",
            )
        })?;
        let dropped = plan.dropped(&before, &file);
        let mut remarks: Vec<String> = file
            .remarks(Timestamp::now())
            .iter()
            .map(ToString::to_string)
            .collect();
        let listed = |names: &[String]| names.join(", ");
        for (names, what) in [
            (&plan.idle, "No caller meets"),
            (&plan.strangers, "Nobody has seen the users"),
            (&plan.unknown_groups, "No host reports the groups"),
        ] {
            if !names.is_empty() {
                remarks.push(format!("{what} {}", listed(names)));
            }
        }
        let rules = plan
            .direct
            .iter()
            .map(|rule| (rule, "went directly past the egress rule"));
        let rules = rules.chain(
            plan.personal
                .iter()
                .map(|rule| (rule, "are of personal plans, against the plan")),
        );
        for ((id, count), what) in rules {
            remarks.push(format!("{} uses {what} {id}", thousands(*count)));
        }
        plan.turns.truncate(TURNS);
        let sum = |((was, is, by), count): (&(Verdict, Verdict, Option<String>), &u64)| {
            let by = by.clone().unwrap_or_else(|| "no sanction".to_owned());
            (*was, *is, by, thousands(*count))
        };
        Ok(Self {
            uses: thousands(plan.uses),
            turned: thousands(plan.turned),
            sums: plan.sums.iter().map(sum).collect(),
            turns: plan.turns,
            changes,
            is_cut,
            remarks,
            dropped,
        })
    }
}
