//! Making requests: one, or several of which all are made or none.

use std::collections::BTreeSet;

use serde_json::json;
use umbra_policy::Sanction;

use super::{PENDING, RequestError};
use crate::access::is_program;
use crate::store::audit::{Action, By, record};
use crate::store::{Store, StoreError, Transaction, millis, on};

impl Store {
    /// Notes a request down; gives its number. One that could not be approved now is refused.
    pub async fn create_request(&self, sanction: &Sanction, by: &By<'_>) -> Result<i64, RequestError> {
        let made = self.create_requests(std::slice::from_ref(sanction), by).await?;
        made.first().copied().ok_or(RequestError::TooMany)
    }

    /// Notes requests down, all or none; gives their numbers. Some that could not all be approved now are refused.
    pub async fn create_requests(
        &self,
        sanctions: &[Sanction],
        by: &By<'_>,
    ) -> Result<Vec<i64>, RequestError> {
        let proposal = self.propose(sanctions, by, None).await?;
        for sanction in sanctions {
            if let Some(class) = proposal.takes_two(sanction).filter(|_| is_program(by.actor)) {
                let actor = by.actor.to_owned();
                return Err(RequestError::NoPerson { actor, class }.of(sanction, sanctions));
            }
        }
        let mut transaction = self.begin().await?;
        let mut made = Vec::with_capacity(sanctions.len());
        for sanction in sanctions {
            made.push(create(&mut transaction, sanction, by).await?);
        }
        transaction.commit().await?;
        Ok(made)
    }

    /// The policy's text as it would be with these sanctions at its end, if it can stand so.
    pub(crate) async fn policy_with(
        &self,
        sanctions: &[Sanction],
        by: &By<'_>,
    ) -> Result<String, RequestError> {
        Ok(self.propose(sanctions, by, None).await?.text)
    }

    /// What the sanctions of pending requests are to be called.
    pub(crate) async fn pending_names(&self) -> Result<BTreeSet<String>, StoreError> {
        let names: Vec<String> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT name FROM requests WHERE state = 'pending'")
                .fetch_all(db)
                .await
        })?;
        Ok(names.into_iter().collect())
    }
}

async fn create(
    transaction: &mut Transaction,
    sanction: &Sanction,
    by: &By<'_>,
) -> Result<i64, RequestError> {
    let body = Sanction {
        approver: String::new(),
        ..sanction.clone()
    };
    let body = serde_json::to_string(&body).map_err(StoreError::from)?;
    let made: Option<i64> = on!(&mut *transaction, |db| {
        sqlx::query_scalar(
            "INSERT INTO requests (name, sanction, requester, created, state)
             SELECT $1, $2, $3, $4, 'pending'
             WHERE (SELECT count(*) FROM requests WHERE state = 'pending') < $5 RETURNING id",
        )
        .bind(&sanction.id)
        .bind(&body)
        .bind(by.actor)
        .bind(millis(by.time))
        .bind(PENDING)
        .fetch_optional(&mut **db)
        .await
    })
    .map_err(StoreError::from)?;
    let id = made.ok_or(RequestError::TooMany)?;
    let detail = json!({ "sanction": sanction.id, "scope": sanction.scope.to_string(), "data": sanction.data,
                         "reason": sanction.reason, "expires": sanction.expires, "ticket": sanction.ticket });
    record(transaction, by, Action::RequestCreated, id, &detail).await?;
    Ok(id)
}
