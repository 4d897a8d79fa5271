//! Tests of routes: each is an entry of the audit log, written before it is sent.

use serde_json::json;

use super::audit::{Action, By, record};
use super::{Store, StoreError};

impl Store {
    /// Notes down that a test is sent along a route.
    pub async fn note_route_test(&self, route: &str, message: &str, by: &By<'_>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let detail = json!({ "message": message });
        record(&mut transaction, by, Action::RouteTested, route, &detail).await?;
        transaction.commit().await
    }
}
