//! Questions to the inventory that people keep under a name.

use jiff::Timestamp;
use serde_json::json;

use super::audit::{Action, By, record};
use super::{Store, StoreError, millis, on, time};

/// Views of an account.
const MOST: i64 = 50;
/// Views of others that one sees.
const OF_OTHERS: i64 = 100;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Whose it is.
    pub account: String,
    /// What it is called; each once of an account.
    pub name: String,
    /// What it asks, as in an address.
    pub query: String,
    /// Whether everybody sees it.
    pub shared: bool,
    /// When it was saved last.
    pub saved: Timestamp,
}

/// Why a view is not as it was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoView {
    /// It is not there.
    #[error("you have no saved view of this name")]
    Missing,
    /// The new name is another's.
    #[error("you have a saved view of this name already; delete that one first, or take another name")]
    Exists,
    /// There are too many.
    #[error("you have {MOST} saved views; delete one that you do not need")]
    TooMany,
}

type Row = (String, String, String, i64, i64);

impl From<Row> for View {
    fn from((account, name, query, shared, saved): Row) -> Self {
        Self {
            account,
            name,
            query,
            shared: shared != 0,
            saved: time(saved),
        }
    }
}

impl Store {
    /// The views of an account, and then those that others share and are still here to share; each by name. Without an account
    /// the shared ones.
    pub async fn views(&self, account: Option<&str>) -> Result<Vec<View>, StoreError> {
        let account = account.unwrap_or_default();
        let own: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT account, name, query, shared, saved FROM views WHERE account = $1 ORDER BY name LIMIT $2",
            )
            .bind(account)
            .bind(MOST)
            .fetch_all(db)
            .await
        })?;
        let shared: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT v.account, v.name, v.query, v.shared, v.saved FROM views v
                 WHERE v.shared = 1 AND v.account <> $1
                   AND (SELECT a.disabled FROM accounts a WHERE a.name = v.account) IS NULL
                 ORDER BY v.name, v.account LIMIT $2",
            )
            .bind(account)
            .bind(OF_OTHERS)
            .fetch_all(db)
            .await
        })?;
        Ok(own.into_iter().chain(shared).map(View::from).collect())
    }

    /// Keeps a view, in the place of the account's one of this name.
    pub async fn save_view(&self, view: &View, by: &By<'_>) -> Result<Result<(), NoView>, StoreError> {
        let mut transaction = self.begin().await?;
        // First, which has others wait that would be one too many.
        let detail = json!({ "shared": view.shared });
        record(&mut transaction, by, Action::ViewSaved, &view.name, &detail).await?;
        let there: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT count(*) FROM views WHERE account = $1 AND name <> $2"
        )
        .bind(&view.account)
        .bind(&view.name)
        .fetch_one(&mut **db)
        .await)?;
        if there >= MOST {
            return Ok(Err(NoView::TooMany));
        }
        on!(&mut transaction, |db| sqlx::query(
            "INSERT INTO views (account, name, query, shared, saved) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (account, name) DO UPDATE
             SET query = excluded.query, shared = excluded.shared, saved = excluded.saved"
        )
        .bind(&view.account)
        .bind(&view.name)
        .bind(&view.query)
        .bind(i64::from(view.shared))
        .bind(millis(view.saved))
        .execute(&mut **db)
        .await
        .map(drop))?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Calls a view otherwise.
    pub async fn rename_view(
        &self,
        account: &str,
        name: &str,
        to: &str,
        by: &By<'_>,
    ) -> Result<Result<(), NoView>, StoreError> {
        let mut transaction = self.begin().await?;
        let detail = json!({ "name": to });
        record(&mut transaction, by, Action::ViewRenamed, name, &detail).await?;
        let is_there: Option<i64> = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT id FROM views WHERE account = $1 AND name = $2"
        )
        .bind(account)
        .bind(to)
        .fetch_optional(&mut **db)
        .await)?;
        if is_there.is_some() && name != to {
            return Ok(Err(NoView::Exists));
        }
        let done = on!(&mut transaction, |db| sqlx::query(
            "UPDATE views SET name = $3 WHERE account = $1 AND name = $2"
        )
        .bind(account)
        .bind(name)
        .bind(to)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected()))?;
        if done == 0 {
            return Ok(Err(NoView::Missing));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Keeps a view no more.
    pub async fn delete_view(
        &self,
        account: &str,
        name: &str,
        by: &By<'_>,
    ) -> Result<Result<(), NoView>, StoreError> {
        let mut transaction = self.begin().await?;
        record(&mut transaction, by, Action::ViewDeleted, name, &json!({})).await?;
        let done = on!(&mut transaction, |db| sqlx::query(
            "DELETE FROM views WHERE account = $1 AND name = $2"
        )
        .bind(account)
        .bind(name)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected()))?;
        if done == 0 {
            return Ok(Err(NoView::Missing));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}
