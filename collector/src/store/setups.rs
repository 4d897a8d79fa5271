//! The link by which the first account is made, while there is none.

use std::time::Duration;

use jiff::Timestamp;

use super::accounts::{self, NewAccount, NoAccount};
use super::audit::By;
use super::{Store, StoreError, length, millis, on};
use crate::access::secret;

/// How long a link is good.
const GOOD: Duration = Duration::from_hours(24);
/// Links that are good at the same time: each collector on a database gives one when it starts.
const LINKS: i64 = 8;

impl Store {
    /// Makes a link's secret; `None`: there is an account.
    pub async fn offer_set_up(&self, now: Timestamp) -> Result<Option<String>, StoreError> {
        if self.has_accounts().await? {
            return Ok(None);
        }
        let secret = secret::new();
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| {
            sqlx::query(
                "DELETE FROM setups WHERE expires <= $1 OR hash IN
                     (SELECT hash FROM setups ORDER BY made DESC LIMIT 1000 OFFSET $2)",
            )
            .bind(millis(now))
            .bind(LINKS - 1)
            .execute(&mut **db)
            .await
            .map(drop)
        })?;
        on!(&mut transaction, |db| {
            sqlx::query("INSERT INTO setups (hash, made, expires) VALUES ($1, $2, $3)")
                .bind(secret::hash(&secret))
                .bind(millis(now))
                .bind(millis(now).saturating_add(length(GOOD)))
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        transaction.commit().await?;
        Ok(Some(secret))
    }

    /// Whether a link is good.
    pub async fn may_set_up(&self, secret: &str, now: Timestamp) -> Result<bool, StoreError> {
        if self.has_accounts().await? {
            return Ok(false);
        }
        let found: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT made FROM setups WHERE hash = $1 AND expires > $2")
                .bind(secret::hash(secret))
                .bind(millis(now))
                .fetch_optional(db)
                .await
        })?;
        Ok(found.is_some())
    }

    /// Makes the first account for a link's secret. After that no link is good.
    pub async fn set_up(
        &self,
        secret: &str,
        new: &NewAccount<'_>,
        now: Timestamp,
    ) -> Result<Result<(), NoAccount>, StoreError> {
        let by = By {
            actor: "set-up link",
            time: now,
        };
        let mut transaction = self.begin().await?;
        // Its entry of the audit log comes first: who comes second waits there, and then finds an account.
        if let Err(refused) = accounts::add(&mut transaction, new, &by).await? {
            return Ok(Err(refused));
        }
        let (good, accounts): (i64, i64) = on!(&mut transaction, |db| {
            sqlx::query_as(
                "SELECT (SELECT count(*) FROM setups WHERE hash = $1 AND expires > $2),
                        (SELECT count(*) FROM accounts)",
            )
            .bind(secret::hash(secret))
            .bind(millis(now))
            .fetch_one(&mut **db)
            .await
        })?;
        if (good, accounts) != (1, 1) {
            return Ok(Err(NoAccount::NoLink));
        }
        on!(&mut transaction, |db| {
            sqlx::query("DELETE FROM setups")
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        transaction.commit().await?;
        Ok(Ok(()))
    }
}
