//! The pages by which people come in and go: log-in, log-out, and the first account.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Form, Query as QueryOf, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{sentence, shown};
use crate::access::password::{LEAST, Password};
use crate::access::{Principal, Role, Scope, account_name, cookie, secret};
use crate::app::App;
use crate::paced;
use crate::refusal::Refusal;
use crate::store::NewAccount;

#[derive(Template)]
#[template(path = "login.html")]
struct LogInPage {
    name: String,
    next: String,
    /// What is wrong.
    message: String,
    /// Whether there is no account yet.
    fresh: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetUpPage {
    token: String,
    name: String,
    message: String,
    /// Whether the link is good.
    good: bool,
    least: usize,
}

/// `?next=…`
#[derive(Debug, Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

/// What is typed to log in.
#[derive(Deserialize)]
pub(crate) struct LogIn {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `?token=…`
#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

/// What is typed to make the first account.
#[derive(Deserialize)]
pub(crate) struct SetUp {
    token: String,
    name: String,
    password: String,
    again: String,
}

/// `GET /login`
pub(crate) async fn log_in_page(
    State(app): State<App>,
    query: Result<QueryOf<Next>, QueryRejection>,
) -> Result<Response, Refusal> {
    let QueryOf(query) = query.map_err(|error| Refusal::bad(error.body_text()))?;
    let page = LogInPage {
        name: String::new(),
        next: query.next.unwrap_or_default(),
        message: String::new(),
        fresh: !app.store.has_accounts().await?,
    };
    shown(StatusCode::OK, &page)
}

/// `POST /login`: the same answer, after the same time, for a wrong name and a wrong password.
pub(crate) async fn log_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<LogIn>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let (now, address) = (Timestamp::now(), address(&app, peer, &headers));
    let name = account_name(&typed.name).unwrap_or_else(|_| typed.name.clone());
    let again = |status, message: String| {
        let page = LogInPage {
            name: typed.name.clone(),
            next: typed.next.clone(),
            message,
            fresh: false,
        };
        shown(status, &page)
    };
    if let Err(wait) = app.store.try_log_in(&name, &address, now).await? {
        paced::warn("log-ins are put off", "too_many", "too many were tried");
        let minutes = wait.as_secs().div_ceil(60);
        let message = format!("Too many log-ins were tried. Try again in {minutes} minutes.");
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, message)?;
        let after = HeaderValue::from(wait.as_secs());
        response.headers_mut().insert(header::RETRY_AFTER, after);
        return Ok(response);
    }
    let hash = app.store.password(&name).await?;
    let exists = hash.is_some();
    if app.hasher.is_right(&typed.password, hash).await?
        && let Some(secret) = app.store.log_in(&name, &address, now).await?
    {
        return Ok(entered(&app, &secret, own(&typed.next)));
    }
    let known = exists.then_some(name.as_str());
    app.store.log_in_failed(known, &address, now).await?;
    again(
        StatusCode::UNAUTHORIZED,
        "This name and password do not fit.".to_owned(),
    )
}

/// `POST /logout`
pub(crate) async fn log_out(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Some(secret) = cookie::of(&headers, app.secure) {
        app.store.log_out(&secret::hash(secret), &principal.now()).await?;
    }
    let mut response = Redirect::to("/login").into_response();
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie::gone(app.secure));
    Ok(response)
}

/// `GET /setup?token=…`
pub(crate) async fn set_up_page(
    State(app): State<App>,
    query: Result<QueryOf<Link>, QueryRejection>,
) -> Result<Response, Refusal> {
    let QueryOf(link) = query.map_err(|error| Refusal::bad(error.body_text()))?;
    let good = app.store.may_set_up(&link.token, Timestamp::now()).await?;
    again(link.token, String::new(), String::new(), good)
}

/// `POST /setup`
pub(crate) async fn set_up(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<SetUp>, FormRejection>,
) -> Result<Response, Refusal> {
    let Form(typed) = form.map_err(|error| Refusal::bad(error.body_text()))?;
    let now = Timestamp::now();
    if !app.store.may_set_up(&typed.token, now).await? {
        return again(typed.token, typed.name, String::new(), false);
    }
    let checked = account_name(&typed.name)
        .map_err(|error| error.to_string())
        .and_then(|name| {
            let password = Password::new(&typed.password, &name).map_err(|error| error.to_string())?;
            Ok((name, password))
        });
    let (name, password) = match checked {
        Ok(_) if typed.password != typed.again => {
            let message = "The two passwords are not the same.".to_owned();
            return again(typed.token, typed.name, message, true);
        }
        Ok(checked) => checked,
        Err(error) => return again(typed.token, typed.name, sentence(&error), true),
    };
    let new = NewAccount {
        name: &name,
        password: &app.hasher.hash(password).await?,
        role: Role::Admin,
        scope: &Scope::default(),
    };
    if app.store.set_up(&typed.token, &new, now).await?.is_err() {
        // Somebody else was faster.
        return again(typed.token, typed.name, String::new(), false);
    }
    tracing::info!("{name} made the first account");
    let address = address(&app, peer, &headers);
    match app.store.log_in(&name, &address, now).await? {
        Some(secret) => Ok(entered(&app, &secret, "/")),
        None => Ok(Redirect::to("/login").into_response()),
    }
}

fn again(token: String, name: String, message: String, good: bool) -> Result<Response, Refusal> {
    let status = match (good, message.is_empty()) {
        (false, _) => StatusCode::FORBIDDEN,
        (true, false) => StatusCode::BAD_REQUEST,
        (true, true) => StatusCode::OK,
    };
    let page = SetUpPage {
        token,
        name,
        message,
        good,
        least: LEAST,
    };
    shown(status, &page)
}

pub(super) fn entered(app: &App, secret: &str, next: &str) -> Response {
    let mut response = Redirect::to(next).into_response();
    let cookie = cookie::set(secret, app.secure);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Where to go on: a page of the collector's own.
fn own(next: &str) -> &str {
    // Browsers read `//` and `/\` as the beginning of another site's address, and pass over control characters.
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|char: char| char == '\\' || char.is_control());
    if is_own { next } else { "/" }
}

/// Who asks over the network: what the reverse proxy says, where there is one that says so.
pub(super) fn address(app: &App, peer: SocketAddr, headers: &HeaderMap) -> String {
    let told = || {
        // Proxies add the address that they see at the end; what stands before came with the request.
        let mut lines = headers.get_all("x-forwarded-for").iter();
        let last = lines.next_back()?.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse::<IpAddr>().ok()
    };
    let told = app.forwarded.then(told).flatten();
    told.unwrap_or(peer.ip()).to_canonical().to_string()
}
