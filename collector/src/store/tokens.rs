use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use umbra_report::Token as Secret;
use uuid::Uuid;

use super::audit::{Action, By, record};
use super::configurations::parsed;
use super::{Store, StoreError, count, length, millis, on, stored, time};
use crate::authority::fingerprint;
use crate::labels::Labels;

/// How long a token that is over stays on the list.
const KEPT: Duration = Duration::from_hours(24 * 30);
/// Tokens that are good at the same time: a person looks through them.
const MOST: i64 = 10_000;
/// How many agents may enrol with one.
pub(crate) const USES: RangeInclusive<u32> = 1..=1_000_000;
/// Characters of what one is for.
pub(crate) const LABEL: usize = 200;

/// A token as the collector keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What it is for, in the words of whoever made it.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How many agents may still enrol with it.
    pub uses_left: u64,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
    /// What it gives the hosts of agents that enrol with it.
    pub labels: Labels,
}

impl Token {
    /// Whether it lets agents in now, in a word: `good`, `revoked`, `expired` or `used up`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        if self.revoked.is_some() {
            "revoked"
        } else if self.expires <= now {
            "expired"
        } else if self.uses_left == 0 {
            "used up"
        } else {
            "good"
        }
    }
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// For how long it is good.
    pub life: Duration,
    /// How many agents may enrol with it.
    pub uses: u32,
    /// What it gives their hosts.
    pub labels: Labels,
}

impl Store {
    /// Makes a token for the authority with this fingerprint; forgets those that are long over. `None` when there are
    /// too many.
    pub async fn create_token(
        &self,
        new: &NewToken,
        authority: &str,
        by: &By<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let mut digits = Uuid::new_v4().simple().to_string();
        digits.truncate(12);
        let secret = Secret {
            id: digits,
            secret: Uuid::new_v4().simple().to_string(),
            authority: authority.to_owned(),
        };
        let labels = serde_json::to_string(&new.labels)?;
        let labels = (!new.labels.0.is_empty()).then_some(labels);
        let now = millis(by.time);
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| sqlx::query(
            "DELETE FROM tokens WHERE expires < $1"
        )
        .bind(now.saturating_sub(length(KEPT)))
        .execute(&mut **db)
        .await
        .map(drop))?;
        let there: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT count(*) FROM tokens"
        )
        .fetch_one(&mut **db)
        .await)?;
        if there >= MOST {
            return Ok(None);
        }
        on!(&mut transaction, |db| {
            sqlx::query(
            "INSERT INTO tokens (id, hash, label, created, expires, uses_left, labels) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&secret.id)
        .bind(fingerprint(secret.secret.as_bytes()))
        .bind(&new.label)
        .bind(now)
        .bind(now.saturating_add(length(new.life)))
        .bind(stored(new.uses.into()))
        .bind(&labels)
        .execute(&mut **db)
        .await.map(drop)
        })?;
        let detail = json!({
            "label": new.label,
            "uses": new.uses,
            "expires": time(now.saturating_add(length(new.life))),
            "host_labels": new.labels,
        });
        record(&mut transaction, by, Action::TokenCreated, &secret.id, &detail).await?;
        transaction.commit().await?;
        Ok(Some(secret))
    }

    /// All tokens, the newest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        type Row = (String, String, i64, i64, i64, Option<i64>, Option<String>);
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT id, label, created, expires, uses_left, revoked, labels FROM tokens ORDER BY created DESC, id",
        )
        .fetch_all(db)
        .await
        })?;
        Ok(rows
            .into_iter()
            .map(
                |(id, label, created, expires, uses_left, revoked, labels)| Token {
                    id,
                    label,
                    created: time(created),
                    expires: time(expires),
                    uses_left: count(uses_left),
                    revoked: revoked.map(time),
                    labels: parsed(labels.as_deref()),
                },
            )
            .collect())
    }

    /// Takes a token back; gives whether there is such a one.
    pub async fn revoke_token(&self, id: &str, by: &By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| sqlx::query(
            "UPDATE tokens SET revoked = coalesce(revoked, $1) WHERE id = $2"
        )
        .bind(millis(by.time))
        .bind(id)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected()))?;
        if done > 0 {
            record(&mut transaction, by, Action::TokenRevoked, id, &json!({})).await?;
            transaction.commit().await?;
        }
        Ok(done > 0)
    }
}
