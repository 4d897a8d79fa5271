//! Tokens of programs that read or write the API. Those that let agents enrol are others ([`super::tokens`]).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::accounts::{hosts, scope};
use super::audit::{Action, By, record};
use super::{Store, StoreError, length, millis, on, time};
use crate::access::{Right, Scope, secret};

/// How long a token that is over stays on the list.
const KEPT: Duration = Duration::from_hours(24 * 30);
/// Tokens at the same time: a person looks through them.
const MOST: i64 = 10_000;
/// How exactly it is noted when one was used: each note is a write.
const NOTED: Duration = Duration::from_mins(1);
/// What they begin with, so that a search through code and logs finds them.
const PREFIX: &str = "umbraapi1_";

/// A token as the collector keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// What it is for, in the words of whoever made it.
    pub name: String,
    /// What it may do.
    pub rights: Vec<Right>,
    /// About which hosts.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub maker: String,
    /// Until when it is good.
    pub expires: Timestamp,
    /// When it was last used, to a minute.
    pub used: Option<Timestamp>,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
}

impl ApiToken {
    /// Whether it is good now, in a word: `good`, `revoked` or `expired`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        if self.revoked.is_some() {
            "revoked"
        } else if self.expires <= now {
            "expired"
        } else {
            "good"
        }
    }
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub rights: &'a [Right],
    /// About which hosts.
    pub scope: &'a Scope,
    /// For how long it is good.
    pub life: Duration,
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    i64,
    String,
    i64,
    Option<i64>,
    Option<i64>,
);

/// A right that this version does not know is one that it has no route for; a scope that it cannot read is nobody's.
fn token((id, name, rights, scoped, created, maker, expires, used, revoked): Row) -> Option<ApiToken> {
    Some(ApiToken {
        id,
        name,
        rights: rights.split(' ').filter_map(|right| right.parse().ok()).collect(),
        scope: scope(scoped.as_deref())?,
        created: time(created),
        maker,
        expires: time(expires),
        used: used.map(time),
        revoked: revoked.map(time),
    })
}

impl Store {
    /// Makes a token; gives its id and the whole of it, which is not kept. `None` when there are too many.
    pub async fn create_api_token(
        &self,
        new: &NewApiToken<'_>,
        by: &By<'_>,
    ) -> Result<Option<(String, String)>, StoreError> {
        let mut id = Uuid::new_v4().simple().to_string();
        id.truncate(12);
        let secret = secret::new();
        let now = millis(by.time);
        let expires = now.saturating_add(length(new.life));
        let mut words: Vec<&str> = new.rights.iter().map(|right| right.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| {
            sqlx::query("DELETE FROM api_tokens WHERE expires < $1")
                .bind(now.saturating_sub(length(KEPT)))
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        let there: i64 = on!(&mut transaction, |db| {
            sqlx::query_scalar("SELECT count(*) FROM api_tokens")
                .fetch_one(&mut **db)
                .await
        })?;
        if there >= MOST {
            return Ok(None);
        }
        on!(&mut transaction, |db| {
            sqlx::query(
                "INSERT INTO api_tokens (id, hash, name, rights, hosts, created, maker, expires)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&id)
            .bind(secret::hash(&secret))
            .bind(new.name)
            .bind(words.join(" "))
            .bind(hosts(new.scope)?)
            .bind(now)
            .bind(by.actor)
            .bind(expires)
            .execute(&mut **db)
            .await
            .map(drop)
        })?;
        let detail = json!({
            "name": new.name,
            "scopes": words,
            "hosts": new.scope,
            "expires": time(expires),
        });
        record(&mut transaction, by, Action::ApiTokenCreated, &id, &detail).await?;
        transaction.commit().await?;
        let whole = format!("{PREFIX}{id}_{secret}");
        Ok(Some((id, whole)))
    }

    /// All tokens, the newest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT id, name, rights, hosts, created, maker, expires, used, revoked FROM api_tokens
                 ORDER BY created DESC, id",
            )
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().filter_map(token).collect())
    }

    /// The token that this is; `None`: it is none, or not good any more.
    pub async fn api_token(&self, whole: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let Some((id, secret)) = whole.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        let row: Option<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT id, name, rights, hosts, created, maker, expires, used, revoked FROM api_tokens
                 WHERE id = $1 AND hash = $2 AND expires > $3 AND revoked IS NULL",
            )
            .bind(id)
            .bind(secret::hash(secret))
            .bind(millis(now))
            .fetch_optional(db)
            .await
        })?;
        let Some(found) = row.and_then(token) else {
            return Ok(None);
        };
        let late = millis(now) - length(NOTED);
        if found.used.is_none_or(|used| millis(used) < late) {
            let (id, now) = (id.to_owned(), millis(now));
            self.note(move |store| async move {
                on!(store.writer(), |db| {
                    sqlx::query(
                        "UPDATE api_tokens SET used = $1 WHERE id = $2 AND (used IS NULL OR used < $3)",
                    )
                    .bind(now)
                    .bind(&id)
                    .bind(late)
                    .execute(db)
                    .await
                    .map(drop)
                })
            });
        }
        Ok(Some(found))
    }

    /// Takes a token back; gives whether there is such a one.
    pub async fn revoke_api_token(&self, id: &str, by: &By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| {
            sqlx::query("UPDATE api_tokens SET revoked = coalesce(revoked, $1) WHERE id = $2")
                .bind(millis(by.time))
                .bind(id)
                .execute(&mut **db)
                .await
                .map(|done| done.rows_affected())
        })?;
        if done > 0 {
            record(&mut transaction, by, Action::ApiTokenRevoked, id, &json!({})).await?;
            transaction.commit().await?;
        }
        Ok(done > 0)
    }
}
