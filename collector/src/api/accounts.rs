//! `GET` and `POST /v1/accounts`, `PATCH /v1/accounts/{name}`, `POST /v1/me/password`

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use umbra_report::Problem;
use utoipa::ToSchema;

use super::{body, hosts};
use crate::access::password::Password;
use crate::access::{Principal, Role, Scope, account_name};
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::{Account, AccountChange, NewAccount, NoAccount};

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accounts {
    /// By name.
    accounts: Vec<Person>,
}

/// A person who may log in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    name: String,
    role: Role,
    /// Which hosts the person sees: those that have, of each key, one of the values; all, when there is no key.
    hosts: Scope,
    created: Timestamp,
    /// Since when the account is shut.
    disabled: Option<Timestamp>,
    /// When the person last logged in.
    last_login: Option<Timestamp>,
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        Self {
            name: account.name,
            role: account.role,
            hosts: account.scope,
            created: account.created,
            disabled: account.disabled,
            last_login: account.seen,
        }
    }
}

/// An account that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// 1 to 64 of `a-z`, `0-9`, `.`, `-`, `_` and `@`.
    #[schema(pattern = "^[a-z0-9][a-z0-9._@-]{0,63}$")]
    pub(crate) name: String,
    /// 15 characters at least.
    #[schema(min_length = 15, max_length = 1024)]
    pub(crate) password: String,
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) hosts: Scope,
}

/// What is to change of an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChange {
    pub(crate) role: Option<Role>,
    /// Labels of the hosts that the person sees; none: all hosts.
    pub(crate) hosts: Option<Scope>,
    /// Whether the account is shut. That ends its sessions.
    pub(crate) disabled: Option<bool>,
    /// Another password. That ends its sessions.
    #[schema(min_length = 15, max_length = 1024)]
    pub(crate) password: Option<String>,
}

/// One's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The one until now.
    pub(crate) old: String,
    /// The one from now on: 15 characters at least.
    #[schema(min_length = 15, max_length = 1024)]
    pub(crate) new: String,
}

impl PersonChange {
    /// Whether nothing is to change.
    pub(crate) fn is_none(&self) -> bool {
        self.role.is_none() && self.hosts.is_none() && self.disabled.is_none() && self.password.is_none()
    }
}

impl From<NoAccount> for Refusal {
    fn from(refused: NoAccount) -> Self {
        let status = match refused {
            NoAccount::Missing => StatusCode::NOT_FOUND,
            NoAccount::Exists | NoAccount::LastAdmin | NoAccount::TooMany | NoAccount::NoLink => {
                StatusCode::CONFLICT
            }
        };
        Self::new(status, refused.to_string())
    }
}

async fn hashed(app: &App, text: &str, account: &str) -> Result<String, Refusal> {
    let password = Password::new(text, account).map_err(|error| Refusal::bad(error.to_string()))?;
    app.hasher.hash(password).await
}

async fn one(app: &App, name: &str) -> Result<Json<Person>, Refusal> {
    let accounts = app.store.accounts().await?;
    let found = accounts.into_iter().find(|account| account.name == name);
    found
        .map(|account| Json(account.into()))
        .ok_or_else(|| NoAccount::Missing.into())
}

/// Who may log in
#[utoipa::path(
    get,
    path = "/v1/accounts",
    tag = "people",
    security(("token" = ["admin"])),
    responses(
        (status = 200, description = "All accounts", body = Accounts),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn accounts(State(app): State<App>) -> Result<Json<Accounts>, Refusal> {
    let accounts = app.store.accounts().await?;
    Ok(Json(Accounts {
        accounts: accounts.into_iter().map(Person::from).collect(),
    }))
}

/// Makes an account
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "people",
    security(("token" = ["admin"])),
    request_body = NewPerson,
    responses(
        (status = 200, description = "The account", body = Person),
        (status = 400, description = "The request cannot be read, or name, password or labels are none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "There is one of this name, or there are too many", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn create_account(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<Person>, Refusal> {
    let new: NewPerson = body(&app, request, "an account").await?;
    let name = add(&app, &principal, new).await?;
    one(&app, &name).await
}

/// Makes an account; gives its name as it is kept.
pub(crate) async fn add(app: &App, principal: &Principal, new: NewPerson) -> Result<String, Refusal> {
    let name = account_name(&new.name).map_err(|error| Refusal::bad(error.to_string()))?;
    let account = NewAccount {
        name: &name,
        password: &hashed(app, &new.password, &name).await?,
        role: new.role,
        scope: &hosts(new.hosts)?,
    };
    app.store.create_account(&account, &principal.now()).await??;
    Ok(name)
}

/// Changes an account, from the next request on
#[utoipa::path(
    patch,
    path = "/v1/accounts/{name}",
    tag = "people",
    security(("token" = ["admin"])),
    params(("name" = String, Path, description = "Its name")),
    request_body = PersonChange,
    responses(
        (status = 200, description = "The account", body = Person),
        (status = 400, description = "The request cannot be read, or password or labels are none", body = Problem),
        (status = 404, description = "There is no such account", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "It is the last admin for all hosts", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn change_account(
    State(app): State<App>,
    principal: Principal,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<Person>, Refusal> {
    let Path(name) = name.map_err(|error| Refusal::bad(error.body_text()))?;
    let name = account_name(&name).map_err(|_| NoAccount::Missing)?;
    let new: PersonChange = body(&app, request, "a change of an account").await?;
    change(&app, &principal, &name, new).await?;
    one(&app, &name).await
}

/// Changes the account of this name.
pub(crate) async fn change(
    app: &App,
    principal: &Principal,
    name: &str,
    new: PersonChange,
) -> Result<(), Refusal> {
    let password = match new.password {
        Some(text) => Some(hashed(app, &text, name).await?),
        None => None,
    };
    let change = AccountChange {
        role: new.role,
        scope: new.hosts.map(hosts).transpose()?,
        disabled: new.disabled,
        password,
    };
    app.store
        .change_account(name, &change, &principal.now())
        .await??;
    Ok(())
}

/// Gives oneself another password, which ends all sessions of the account
#[utoipa::path(
    post,
    path = "/v1/me/password",
    tag = "people",
    security(("token" = [])),
    request_body = NewPassword,
    responses(
        (status = 200, description = "The account", body = Person),
        (status = 400, description = "The request cannot be read, the old password does not fit, or the new one is none", body = Problem),
        (status = 408, description = "The body did not arrive in time", body = Problem),
        (status = 409, description = "A token has no password", body = Problem),
        (status = 413, description = "The request is too long", body = Problem),
        (status = 415, description = "The body is not said to be JSON", body = Problem),
        (status = 429, description = "Too many were tried; `Retry-After` says when to come back", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 500, description = "The collector failed", body = Problem),
        (status = 503, description = "The store does not answer now", body = Problem, headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    principal: Principal,
    request: Request,
) -> Result<Json<Person>, Refusal> {
    let typed: NewPassword = body(&app, request, "a new password").await?;
    let name = change_own(&app, &principal, &typed).await?;
    one(&app, &name).await
}

/// Gives whoever asks another password, if the old one fits; gives the account's name. All its sessions end.
pub(crate) async fn change_own(
    app: &App,
    principal: &Principal,
    typed: &NewPassword,
) -> Result<String, Refusal> {
    let Some(name) = &principal.account else {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "a token has no password; make another token",
        ));
    };
    // Whoever found an open page must not guess the password there, either.
    let tried = app
        .store
        .try_log_in(name, "open session", Timestamp::now())
        .await?;
    tried.map_err(|wait| Refusal::too_many("too many passwords were tried; come back", wait))?;
    let hash = app.store.password(name).await?;
    if !app.hasher.is_right(&typed.old, hash).await? {
        return Err(Refusal::bad("the old password does not fit"));
    }
    let change = AccountChange {
        password: Some(hashed(app, &typed.new, name).await?),
        ..AccountChange::default()
    };
    app.store
        .change_account(name, &change, &principal.now())
        .await??;
    Ok(name.clone())
}
