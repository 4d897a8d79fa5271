//! Who may log in: the accounts, and a form to make one.

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Done, Frame, Part, Wanted, is_mendable, labels, listed, same};
use crate::access::password::LEAST;
use crate::access::{Principal, Role};
use crate::api::accounts::{NewPerson, add};
use crate::app::App;
use crate::pages::asked::Asked;
use crate::pages::choice::Choice;
use crate::pages::format::Time;
use crate::pages::shell::{Section, Shell};
use crate::pages::{sentence, shown};
use crate::refusal::Refusal;
use crate::store::Account;

#[derive(Template)]
#[template(path = "settings/people.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
    name: String,
    roles: Vec<Choice>,
    labels: String,
    message: String,
    least: usize,
}

/// An account in words.
struct Row {
    name: String,
    role: Role,
    hosts: String,
    disabled: Option<Time>,
    seen: Option<Time>,
}

/// What is typed of an account that is to be made.
#[derive(Deserialize)]
pub(crate) struct Typed {
    name: String,
    role: Role,
    labels: String,
    password: String,
    again: String,
}

impl Typed {
    /// With the password taken out of what was typed: a page does not give it back.
    fn wanted(&mut self) -> Result<NewPerson, Refusal> {
        Ok(NewPerson {
            name: self.name.clone(),
            role: self.role,
            hosts: labels(&self.labels)?,
            password: same(std::mem::take(&mut self.password), &self.again)?,
        })
    }
}

impl From<Account> for Row {
    fn from(account: Account) -> Self {
        Self {
            hosts: account.scope.to_string(),
            role: account.role,
            disabled: account.disabled.map(Time::from),
            seen: account.seen.map(Time::from),
            name: account.name,
        }
    }
}

/// `GET /settings/people`
pub(crate) async fn page(
    State(app): State<App>,
    principal: Principal,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let page = of(&app, principal, &wanted).await?;
    shown(StatusCode::OK, &page)
}

/// `POST /settings/people`
pub(crate) async fn create(
    State(app): State<App>,
    principal: Principal,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(mut typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let made = match typed.wanted() {
        Ok(new) => add(&app, &principal, new).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(_) => Ok(Part::People.after(Done::Made)),
        Err(refusal) if is_mendable(refusal.status()) => {
            let page = Page {
                name: typed.name,
                roles: roles(typed.role),
                labels: typed.labels,
                message: sentence(refusal.error()),
                ..of(&app, principal, &Wanted::default()).await?
            };
            shown(refusal.status(), &page)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Roles to choose from.
pub(super) fn roles(chosen: Role) -> Vec<Choice> {
    Choice::all(&Role::ALL, Some(chosen), |role| (role.as_str(), role.as_str()))
}

async fn of(app: &App, principal: Principal, wanted: &Wanted) -> Result<Page, Refusal> {
    let accounts = app.store.accounts().await?;
    let (accounts, next) = listed(accounts, wanted.after.as_deref(), |account| &account.name);
    Ok(Page {
        frame: Frame::of(Part::People, &principal, wanted.done),
        shell: Shell::of(Section::Settings, principal),
        rows: accounts.into_iter().map(Row::from).collect(),
        next,
        name: String::new(),
        roles: roles(Role::Viewer),
        labels: String::new(),
        message: String::new(),
        least: LEAST,
    })
}
