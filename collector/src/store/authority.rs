use super::{Store, StoreError, millis, on};

/// A certificate and its key, PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Store {
    /// The authority that collectors of this store share, if one was made.
    pub(crate) async fn authority(&self) -> Result<Option<Pair>, StoreError> {
        let row: Option<(String, String)> = on!(self.readers(), |db| {
            sqlx::query_as("SELECT certificate, key FROM authority")
                .fetch_optional(db)
                .await
        })?;
        Ok(row.map(|(certificate, key)| Pair { certificate, key }))
    }

    /// Keeps this authority, unless another collector was first.
    pub(crate) async fn offer_authority(&self, pair: &Pair, now: jiff::Timestamp) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query(
                "INSERT INTO authority (id, certificate, key, made) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
            )
            .bind(&pair.certificate)
            .bind(&pair.key)
            .bind(millis(now))
            .execute(db)
            .await
            .map(drop)
        })?;
        Ok(())
    }
}
