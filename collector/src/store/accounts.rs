//! People who may log in.

use jiff::Timestamp;
use serde_json::json;

use super::audit::{Action, By, record};
use super::{Store, StoreError, Transaction, millis, on, time};
use crate::access::{Role, Scope};

/// Accounts at most: a person looks through them.
const MOST: i64 = 10_000;

/// A person who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What the person is here for.
    pub role: Role,
    /// Which hosts the person sees.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// When it was shut, if it is.
    pub disabled: Option<Timestamp>,
    /// When the person last logged in.
    pub seen: Option<Timestamp>,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// Its name, as [`crate::access::account_name`] gives it.
    pub name: &'a str,
    /// The password's hash.
    pub password: &'a str,
    /// What the person is here for.
    pub role: Role,
    /// Which hosts the person sees.
    pub scope: &'a Scope,
}

/// What is to change of an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// What the person is here for.
    pub role: Option<Role>,
    /// Which hosts the person sees.
    pub scope: Option<Scope>,
    /// Whether it is shut. That ends its sessions.
    pub disabled: Option<bool>,
    /// The hash of another password. That ends its sessions.
    pub password: Option<String>,
}

/// Why an account is not as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// There is one of this name.
    #[error(
        "there is an account of this name already, perhaps a disabled one; give another name, or enable it"
    )]
    Exists,
    /// There is none.
    #[error("there is no account of this name; `umbra-collector user list` shows them all")]
    Missing,
    /// Nobody could say who may come in.
    #[error("this is the last admin for all hosts who may log in; make another one first")]
    LastAdmin,
    /// There are too many.
    #[error("there are {MOST} accounts, and no more may be made; enable and rename what is not used")]
    TooMany,
    /// The first one is there.
    #[error(
        "this link is used, expired or replaced; start the collector again for a new one, or make the account with `umbra-collector user create`"
    )]
    NoLink,
}

pub(super) type Row = (String, String, Option<String>, i64, Option<i64>, Option<i64>);

impl Account {
    /// A role or scope that this version cannot read is one that it must not widen: then nobody is there.
    pub(super) fn of((name, role, hosts, created, disabled, seen): Row) -> Option<Self> {
        Some(Self {
            role: Role::of(&role)?,
            scope: scope(hosts.as_deref())?,
            name,
            created: time(created),
            disabled: disabled.map(time),
            seen: seen.map(time),
        })
    }
}

/// A scope of the store; `None`: this version cannot read it.
pub(super) fn scope(hosts: Option<&str>) -> Option<Scope> {
    hosts.map_or_else(|| Some(Scope::default()), |text| serde_json::from_str(text).ok())
}

/// A scope for the store.
pub(super) fn hosts(scope: &Scope) -> Result<Option<String>, StoreError> {
    (!scope.is_all())
        .then(|| serde_json::to_string(scope).map_err(StoreError::from))
        .transpose()
}

impl Store {
    /// All accounts, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as("SELECT name, role, hosts, created, disabled, seen FROM accounts ORDER BY name")
                .fetch_all(db)
                .await
        })?;
        Ok(rows.into_iter().filter_map(Account::of).collect())
    }

    /// Whether anybody could log in, were the password known.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        let found: Option<String> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT name FROM accounts LIMIT 1")
                .fetch_optional(db)
                .await
        })?;
        Ok(found.is_some())
    }

    /// Makes an account.
    pub async fn create_account(
        &self,
        new: &NewAccount<'_>,
        by: &By<'_>,
    ) -> Result<Result<(), NoAccount>, StoreError> {
        let mut transaction = self.begin().await?;
        if let Err(refused) = add(&mut transaction, new, by).await? {
            return Ok(Err(refused));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Changes an account, from the next request on.
    pub async fn change_account(
        &self,
        name: &str,
        change: &AccountChange,
        by: &By<'_>,
    ) -> Result<Result<(), NoAccount>, StoreError> {
        let detail = json!({
            "role": change.role,
            "hosts": change.scope,
            "disabled": change.disabled,
            "password": change.password.as_ref().map(|_| "changed"),
        });
        let mut transaction = self.begin().await?;
        // First, so that of two that each take one of the last two admins, the second one sees what the first did.
        record(&mut transaction, by, Action::AccountChanged, name, &detail).await?;
        // Without an admin before, nobody is taken away.
        let takes = change.role.is_some() || change.scope.is_some() || change.disabled == Some(true);
        let had_admin = takes && has_admin(&mut transaction).await?;
        let done = on!(&mut transaction, |db| {
            sqlx::query(
                "UPDATE accounts SET role = coalesce($1, role),
                     hosts = CASE WHEN $2 = 1 THEN $3 ELSE hosts END,
                     disabled = CASE $4 WHEN 1 THEN coalesce(disabled, $5) WHEN 0 THEN NULL ELSE disabled END,
                     password = coalesce($6, password)
                 WHERE name = $7",
            )
            .bind(change.role.map(Role::as_str))
            .bind(i64::from(change.scope.is_some()))
            .bind(change.scope.as_ref().map(hosts).transpose()?.flatten())
            .bind(change.disabled.map_or(-1, i64::from))
            .bind(millis(by.time))
            .bind(&change.password)
            .bind(name)
            .execute(&mut **db)
            .await
            .map(|done| done.rows_affected())
        })?;
        if done == 0 {
            return Ok(Err(NoAccount::Missing));
        }
        if had_admin && !has_admin(&mut transaction).await? {
            return Ok(Err(NoAccount::LastAdmin));
        }
        if change.disabled == Some(true) || change.password.is_some() {
            on!(&mut transaction, |db| {
                sqlx::query("DELETE FROM sessions WHERE account = $1")
                    .bind(name)
                    .execute(&mut **db)
                    .await
                    .map(drop)
            })?;
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

/// Adds an account and its entry of the audit log.
pub(super) async fn add(
    transaction: &mut Transaction,
    new: &NewAccount<'_>,
    by: &By<'_>,
) -> Result<Result<(), NoAccount>, StoreError> {
    let detail = json!({"role": new.role, "hosts": new.scope});
    record(transaction, by, Action::AccountCreated, new.name, &detail).await?;
    let there: i64 = on!(&mut *transaction, |db| {
        sqlx::query_scalar("SELECT count(*) FROM accounts")
            .fetch_one(&mut **db)
            .await
    })?;
    if there >= MOST {
        return Ok(Err(NoAccount::TooMany));
    }
    let done = on!(&mut *transaction, |db| {
        sqlx::query(
            "INSERT INTO accounts (name, password, role, hosts, created) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(new.name)
        .bind(new.password)
        .bind(new.role.as_str())
        .bind(hosts(new.scope)?)
        .bind(millis(by.time))
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected())
    })?;
    Ok(if done == 0 { Err(NoAccount::Exists) } else { Ok(()) })
}

async fn has_admin(transaction: &mut Transaction) -> Result<bool, StoreError> {
    let admins: i64 = on!(&mut *transaction, |db| {
        sqlx::query_scalar(
            "SELECT count(*) FROM accounts WHERE role = 'admin' AND hosts IS NULL AND disabled IS NULL",
        )
        .fetch_one(&mut **db)
        .await
    })?;
    Ok(admins > 0)
}
