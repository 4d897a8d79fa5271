//! Pseudonyms of people: the secret that they are made with, and the way back.

use serde_json::json;

use super::audit::{Action, By, record};
use super::{Store, StoreError, on};
use crate::access::secret;
use crate::names::{Names, People};

/// Callers that are read at once.
const BITE: i64 = 2_000;

impl Store {
    /// The store as it names people from now on.
    pub async fn naming(mut self, names: Names) -> Result<Self, StoreError> {
        if names == Names::Pseudonyms {
            on!(self.writer(), |db| sqlx::query(
                "INSERT INTO pseudonym_key (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING"
            )
            .bind(secret::new())
            .execute(db)
            .await
            .map(drop))?;
            let secret: String = on!(self.writer(), |db| sqlx::query_scalar(
                "SELECT secret FROM pseudonym_key WHERE id = 1"
            )
            .fetch_one(db)
            .await)?;
            self.people = People::with(&secret);
        }
        Ok(self)
    }

    /// How people are called.
    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Whose pseudonym this is: a name, or `uid 1000` of somebody without one. The audit log says who wanted to know, and
    /// why, before anybody does. `None`: nobody has it.
    pub(crate) async fn reveal(
        &self,
        pseudonym: &str,
        reason: &str,
        by: &By<'_>,
    ) -> Result<Option<String>, StoreError> {
        let mut after = 0_i64;
        let name = loop {
            let callers: Vec<(i64, String)> = on!(self.readers(), |db| {
                sqlx::query_as(
                "SELECT id, coalesce(user_name, 'uid ' || CAST(uid AS TEXT)) FROM callers WHERE id > $1 ORDER BY id LIMIT $2"
            )
            .bind(after)
            .bind(BITE)
            .fetch_all(db)
            .await
            })?;
            let Some(last) = callers.last() else {
                return Ok(None);
            };
            after = last.0;
            let mut names = callers.into_iter().map(|(_, name)| name);
            if let Some(name) = names.find(|name| self.people.pseudonym(name).as_deref() == Some(pseudonym)) {
                break name;
            }
        };
        let mut transaction = self.begin().await?;
        let detail = json!({ "reason": reason });
        record(&mut transaction, by, Action::NameRevealed, pseudonym, &detail).await?;
        transaction.commit().await?;
        Ok(Some(name))
    }
}
