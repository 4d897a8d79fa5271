//! Answers that left as tables: each is an entry of the audit log, written before it is given.

use serde_json::json;

use super::audit::{Action, By, record};
use super::{Store, StoreError};
use crate::questions::Asked;

/// What left.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// The question's name.
    pub question: &'a str,
    /// What was asked.
    pub asked: &'a Asked,
    /// How many rows were given.
    pub rows: usize,
    /// Whether it was not the first part of an answer.
    pub goes_on: bool,
}

impl Store {
    /// Notes down that an answer leaves.
    pub async fn note_export(&self, export: &Export<'_>, by: &By<'_>) -> Result<(), StoreError> {
        let Asked { vendor, from, to } = export.asked;
        let detail = json!({ "vendor": vendor, "from": from, "to": to, "rows": export.rows, "goes_on": export.goes_on });
        let mut transaction = self.begin().await?;
        record(
            &mut transaction,
            by,
            Action::AnswerExported,
            export.question,
            &detail,
        )
        .await?;
        transaction.commit().await
    }
}
