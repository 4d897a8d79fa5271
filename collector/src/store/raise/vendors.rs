//! Vendors that the fleet uses for the first time.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::store::batch::json;
use crate::store::both::{Wording, with_rows};
use crate::store::{StoreError, Transaction, length, on};

/// Names that are remembered, several catalogues of them; beyond, the database is asked each time.
const REMEMBERED: usize = 10_000;

/// Items are vendors, and when they were first seen.
const MEET: Wording = with_rows!(
    "INSERT INTO vendors (vendor, first_seen) SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM",
    "WHERE true ON CONFLICT (vendor) DO NOTHING RETURNING vendor"
);

/// Vendors that are known to be in the store, so that not each report asks for them. They are never removed there.
#[derive(Debug, Default)]
pub(in crate::store) struct Vendors(Mutex<HashSet<String>>);

impl Vendors {
    pub(super) fn knows(&self, vendor: &str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(vendor)
    }

    fn remember<'a>(&self, vendors: impl Iterator<Item = &'a str>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for vendor in vendors {
            if known.len() < REMEMBERED {
                known.insert(vendor.to_owned());
            }
        }
    }

    /// Writes down vendors, in their order, and when they were first seen; gives those that nobody has used before.
    pub(super) async fn meet(
        &self,
        transaction: &mut Transaction,
        vendors: &[(&str, i64)],
    ) -> Result<HashSet<String>, StoreError> {
        let rows = json(vendors)?;
        let statement = transaction.word(MEET);
        let met: Vec<String> = on!(&mut *transaction, |db| sqlx::query_scalar(statement)
            .bind(&rows)
            .fetch_all(&mut **db)
            .await)?;
        let met: HashSet<String> = met.into_iter().collect();
        // Only what is there for sure: this transaction may yet be rolled back.
        let there = vendors.iter().map(|(vendor, _)| *vendor);
        self.remember(there.filter(|vendor| !met.contains(*vendor)));
        Ok(met)
    }
}

/// Whether collectors have lived for less than this: then the fleet's vendors are only being learnt.
pub(super) async fn is_learning(
    transaction: &mut Transaction,
    learning: Duration,
) -> Result<bool, StoreError> {
    let lived: i64 = on!(&mut *transaction, |db| sqlx::query_scalar(
        "SELECT lived FROM life"
    )
    .fetch_one(&mut **db)
    .await)?;
    Ok(lived < length(learning))
}
