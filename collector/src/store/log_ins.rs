//! Log-ins: how often they may be tried, and the sessions that they begin. All of it is in the store, so that it holds
//! for all collectors on it and outlasts them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::accounts::Account;
use super::audit::{Action, By, record};
use super::{Store, StoreError, Transaction, length, millis, on};
use crate::access::secret;

/// A session ends when it was not used for so long; an open page uses it.
const IDLE: Duration = Duration::from_hours(1);
/// And after so long in any case.
const LONGEST: Duration = Duration::from_hours(12);
/// How exactly it is noted when it was used: each note is a write.
const NOTED: Duration = Duration::from_mins(1);
/// Sessions of one account; the oldest goes.
const SESSIONS: i64 = 20;

/// Log-ins are counted for so long.
const WINDOW: Duration = Duration::from_mins(15);
/// With one account's name, and from one address. NIST SP 800-63B-4, section 3.2.2, has 100 at most.
const BY_ACCOUNT: i64 = 10;
const BY_ADDRESS: i64 = 100;
/// Names and addresses that are counted at the same time; the oldest goes.
const COUNTED: i64 = 10_000;

impl Store {
    /// Counts a log-in that is about to be tried; gives how long to wait, if it were one too many.
    pub async fn try_log_in(
        &self,
        account: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Result<(), Duration>, StoreError> {
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| {
            sqlx::query(
                "DELETE FROM attempts WHERE began <= $1 OR subject IN
                     (SELECT subject FROM attempts ORDER BY began DESC LIMIT 1000 OFFSET $2)",
            )
            .bind(millis(now) - length(WINDOW))
            .bind(COUNTED)
            .execute(&mut **db)
            .await
            .map(drop)
        })?;
        let mut wait = None;
        // In one order, so that two that come at once do not wait for each other.
        for (subject, most) in [
            (by_account(account), BY_ACCOUNT),
            (by_address(address), BY_ADDRESS),
        ] {
            let (count, began): (i64, i64) = on!(&mut transaction, |db| {
                sqlx::query_as(
                    "INSERT INTO attempts (subject, began, count) VALUES ($1, $2, 1)
                     ON CONFLICT (subject) DO UPDATE SET count = attempts.count + 1 RETURNING count, began",
                )
                .bind(&subject)
                .bind(millis(now))
                .fetch_one(&mut **db)
                .await
            })?;
            if count > most {
                let over = began.saturating_add(length(WINDOW)).saturating_sub(millis(now));
                let over = u64::try_from(over).unwrap_or_default().div_ceil(1000).max(1);
                wait = wait.max(Some(Duration::from_secs(over)));
            }
        }
        if let Some(wait) = wait {
            // What was refused does not count.
            return Ok(Err(wait));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// The hash of an account's password; `None`: there is no such account.
    pub async fn password(&self, account: &str) -> Result<Option<String>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT password FROM accounts WHERE name = $1")
                .bind(account)
                .fetch_optional(db)
                .await
        })?)
    }

    /// Begins a session of an account whose password was given, if the account may; gives the session's secret.
    pub async fn log_in(
        &self,
        account: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let by = By {
            actor: account,
            time: now,
        };
        let secret = secret::new();
        let mut transaction = self.begin().await?;
        record(
            &mut transaction,
            &by,
            Action::LoggedIn,
            account,
            &json!({"address": address}),
        )
        .await?;
        let done = on!(&mut transaction, |db| {
            sqlx::query("UPDATE accounts SET seen = $1 WHERE name = $2 AND disabled IS NULL")
                .bind(millis(now))
                .bind(account)
                .execute(&mut **db)
                .await
                .map(|done| done.rows_affected())
        })?;
        if done == 0 {
            return Ok(None);
        }
        forget(&mut transaction, account, now).await?;
        on!(&mut transaction, |db| {
            sqlx::query("INSERT INTO sessions (hash, account, began, used) VALUES ($1, $2, $3, $3)")
                .bind(secret::hash(&secret))
                .bind(account)
                .bind(millis(now))
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        on!(&mut transaction, |db| {
            sqlx::query("DELETE FROM attempts WHERE subject = $1")
                .bind(by_account(account))
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        transaction.commit().await?;
        Ok(Some(secret))
    }

    /// Notes a log-in that failed. The name of an account that does not exist is not kept: it may be a password.
    pub async fn log_in_failed(
        &self,
        account: Option<&str>,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let by = By {
            actor: account.unwrap_or("unknown"),
            time: now,
        };
        let mut transaction = self.begin().await?;
        let detail = json!({"address": address});
        record(&mut transaction, &by, Action::LogInFailed, by.actor, &detail).await?;
        transaction.commit().await
    }

    /// Whose session this is, by the hash of its secret; `None`: nobody's, or it is over.
    pub async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Account>, StoreError> {
        type Row = (String, String, Option<String>, i64, Option<i64>, Option<i64>, i64);
        let row: Option<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT a.name, a.role, a.hosts, a.created, a.disabled, a.seen, s.used
                 FROM sessions s JOIN accounts a ON a.name = s.account
                 WHERE s.hash = $1 AND s.used > $2 AND s.began > $3 AND a.disabled IS NULL",
            )
            .bind(hash)
            .bind(millis(now) - length(IDLE))
            .bind(millis(now) - length(LONGEST))
            .fetch_optional(db)
            .await
        })?;
        let Some((name, role, hosts, created, disabled, seen, used)) = row else {
            return Ok(None);
        };
        let late = millis(now) - length(NOTED);
        if used < late {
            let (hash, now) = (hash.to_owned(), millis(now));
            self.note(move |store| async move {
                on!(store.writer(), |db| {
                    sqlx::query("UPDATE sessions SET used = $1 WHERE hash = $2 AND used < $3")
                        .bind(now)
                        .bind(&hash)
                        .bind(late)
                        .execute(db)
                        .await
                        .map(drop)
                })
            });
        }
        Ok(Account::of((name, role, hosts, created, disabled, seen)))
    }

    /// Writes something beside a request, which neither waits for it nor fails with it.
    pub(super) fn note<F>(&self, write: impl FnOnce(Self) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), sqlx::Error>> + Send + 'static,
    {
        let store = self.clone();
        tokio::spawn(async move {
            if let Err(error) = write(store).await {
                tracing::debug!("when a session or token was used could not be noted: {error}");
            }
        });
    }

    /// Ends a session.
    pub async fn log_out(&self, hash: &str, by: &By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| {
            sqlx::query("DELETE FROM sessions WHERE hash = $1")
                .bind(hash)
                .execute(&mut **db)
                .await
                .map(|done| done.rows_affected())
        })?;
        if done > 0 {
            record(&mut transaction, by, Action::LoggedOut, by.actor, &json!({})).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// Removes sessions that are over, and the oldest of an account that has many.
async fn forget(transaction: &mut Transaction, account: &str, now: Timestamp) -> Result<(), StoreError> {
    on!(&mut *transaction, |db| {
        sqlx::query(
            "DELETE FROM sessions WHERE used <= $1 OR began <= $2 OR hash IN
                 (SELECT hash FROM sessions WHERE account = $3 ORDER BY began DESC LIMIT 1000 OFFSET $4)",
        )
        .bind(millis(now) - length(IDLE))
        .bind(millis(now) - length(LONGEST))
        .bind(account)
        .bind(SESSIONS - 1)
        .execute(&mut **db)
        .await
        .map(drop)
    })?;
    Ok(())
}

/// Not the name itself: people type passwords there.
fn by_account(account: &str) -> String {
    format!("account {}", secret::hash(account))
}

fn by_address(address: &str) -> String {
    format!("address {address}")
}
