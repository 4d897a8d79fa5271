//! One's own account: what it may do, and a form to change its password.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::asked::Asked;
use super::people::{address, entered};
use super::shell::Shell;
use super::{sentence, shown};
use crate::access::Principal;
use crate::access::password::LEAST;
use crate::api::accounts::{NewPassword, change_own};
use crate::app::App;
use crate::refusal::Refusal;

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    shell: Shell,
    name: String,
    rights: String,
    hosts: String,
    /// What a write shows; of programs none, which have no password.
    csrf: Option<String>,
    /// Whether the password was just changed.
    is_changed: bool,
    /// What is wrong.
    message: String,
    least: usize,
}

/// `?changed=yes`: the password was just changed.
#[derive(Debug, Deserialize)]
pub(crate) struct After {
    changed: Option<String>,
}

/// What is typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    old: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

/// `GET /account`
pub(crate) async fn account(principal: Principal, Asked(after): Asked<After>) -> Result<Response, Refusal> {
    page(principal, after.changed.is_some(), None)
}

/// `POST /account`: another password, with which all other sessions of the account end.
pub(crate) async fn change_account_password(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    principal: Principal,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let done = if typed.new == typed.again {
        let typed = NewPassword {
            old: typed.old,
            new: typed.new,
        };
        change_own(&app, &principal, &typed).await
    } else {
        Err(Refusal::bad("the two new passwords are not the same"))
    };
    match done {
        Ok(name) => {
            // This one has ended with the others, and goes on as a new one.
            let address = address(&app, peer, &headers);
            let begun = app.store.log_in(&name, &address, Timestamp::now()).await?;
            Ok(match begun {
                Some(secret) => entered(&app, &secret, "/account?changed=yes"),
                None => Redirect::to("/login").into_response(),
            })
        }
        Err(refusal) if refusal.status().is_client_error() => page(principal, false, Some(&refusal)),
        Err(refusal) => Err(refusal),
    }
}

fn page(principal: Principal, is_changed: bool, refusal: Option<&Refusal>) -> Result<Response, Refusal> {
    let rights: Vec<&str> = principal.rights.iter().map(|right| right.as_str()).collect();
    let page = Page {
        name: principal.actor.clone(),
        rights: rights.join(", "),
        hosts: principal.scope.to_string(),
        csrf: principal.csrf.clone(),
        is_changed,
        message: refusal.map_or_else(String::new, |refusal| sentence(refusal.error())),
        least: LEAST,
        shell: Shell {
            here: None,
            principal: Some(principal),
        },
    };
    shown(refusal.map_or(StatusCode::OK, Refusal::status), &page)
}
