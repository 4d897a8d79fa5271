//! One account: what is known of it, and a form to change it.

use askama::Template;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::people::roles;
use super::{Done, Frame, Part, is_mendable, labels, same};
use crate::access::password::LEAST;
use crate::access::{Principal, Role, Scope};
use crate::api::accounts::{self, PersonChange};
use crate::app::App;
use crate::pages::choice::Choice;
use crate::pages::format::Time;
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::refusal::Refusal;
use crate::store::{Account, NoAccount};

/// Whether an account is shut, in the words of the form.
const STATES: [(&str, &str); 2] = [("enabled", "may log in"), ("disabled", "disabled")];

#[derive(Template)]
#[template(path = "settings/account.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    name: String,
    created: Time,
    seen: Option<Time>,
    disabled: Option<Time>,
    /// Whether it is the account of whoever reads.
    is_own: bool,
    roles: Vec<Choice>,
    labels: String,
    states: Vec<Choice>,
    message: String,
    least: usize,
}

/// What is typed of an account that is there.
#[derive(Deserialize)]
pub(crate) struct Typed {
    role: Role,
    labels: String,
    state: Door,
    /// Another password; empty: the one that there is.
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// Whether the person may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Door {
    Enabled,
    Disabled,
}

impl Typed {
    fn of(account: &Account) -> Self {
        let labels = account.scope.labels();
        let labels: Vec<String> = labels.map(|(key, value)| format!("{key}={value}")).collect();
        Self {
            role: account.role,
            labels: labels.join(" "),
            state: if account.disabled.is_some() {
                Door::Disabled
            } else {
                Door::Enabled
            },
            password: String::new(),
            again: String::new(),
        }
    }

    /// What is other than it was, so that the audit log has what was changed and no more. Takes the password out of what
    /// was typed: a page does not give it back.
    fn change(&mut self, account: &Account) -> Result<PersonChange, Refusal> {
        let scope: Scope = labels(&self.labels)?;
        let password = same(std::mem::take(&mut self.password), &self.again)?;
        let is_disabled = self.state == Door::Disabled;
        Ok(PersonChange {
            role: (self.role != account.role).then_some(self.role),
            hosts: (scope != account.scope).then_some(scope),
            disabled: (is_disabled != account.disabled.is_some()).then_some(is_disabled),
            password: (!password.is_empty()).then_some(password),
        })
    }
}

/// `GET /settings/people/{name}`
pub(crate) async fn page(
    State(app): State<App>,
    principal: Principal,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let account = one(&app, name).await?;
    let typed = Typed::of(&account);
    shown(StatusCode::OK, &of(account, principal, typed, String::new()))
}

/// `POST /settings/people/{name}`
pub(crate) async fn change(
    State(app): State<App>,
    principal: Principal,
    name: Result<Path<String>, PathRejection>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let account = one(&app, name).await?;
    let Form(mut typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let done = match typed.change(&account) {
        Ok(change) if change.is_none() => Ok(()),
        Ok(change) => accounts::change(&app, &principal, &account.name, change).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(Part::People.after(Done::Changed)),
        Err(refusal) if is_mendable(refusal.status()) => {
            let page = of(account, principal, typed, sentence(refusal.error()));
            shown(refusal.status(), &page)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn one(app: &App, name: Result<Path<String>, PathRejection>) -> Result<Account, Refusal> {
    let Path(name) = name.map_err(|error| Refusal::bad(error.body_text()))?;
    let accounts = app.store.accounts().await?;
    let found = accounts.into_iter().find(|account| account.name == name);
    found.ok_or_else(|| NoAccount::Missing.into())
}

fn of(account: Account, principal: Principal, typed: Typed, message: String) -> Page {
    let state = match typed.state {
        Door::Enabled => STATES[0],
        Door::Disabled => STATES[1],
    };
    Page {
        is_own: principal.account.as_deref() == Some(&account.name),
        frame: Frame::of(Part::People, &principal, None),
        shell: Shell::of(Section::Settings, principal),
        created: account.created.into(),
        seen: account.seen.map(Time::from),
        disabled: account.disabled.map(Time::from),
        name: account.name,
        roles: roles(typed.role),
        labels: typed.labels,
        states: Choice::all(&STATES, Some(state), |state| state),
        message,
        least: LEAST,
    }
}
