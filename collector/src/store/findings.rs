use super::{Store, StoreError, on};
use crate::findings::FindingKind;

impl Store {
    /// What a finding is about; `None`: there is none of this number, or a later version made it.
    pub async fn finding_kind(&self, finding: i64) -> Result<Option<FindingKind>, StoreError> {
        let kind: Option<String> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT kind FROM findings WHERE id = $1")
                .bind(finding)
                .fetch_optional(db)
                .await
        })?;
        Ok(kind.as_deref().and_then(FindingKind::of))
    }
}
