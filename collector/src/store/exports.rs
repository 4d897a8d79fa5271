//! Answers that left as tables: each is an entry of the audit log, written before it is given.

use serde_json::{Map, Value};

use super::audit::{Action, By, record};
use super::{Store, StoreError};

/// What left.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The question's name, or `inventory`.
    pub question: &'a str,
    /// What was asked.
    pub asked: Map<String, Value>,
    /// How many rows were given.
    pub rows: usize,
    /// Whether it was not the first part of an answer.
    pub goes_on: bool,
}

impl Store {
    /// Notes down that an answer leaves.
    pub async fn note_export(&self, export: Export<'_>, by: &By<'_>) -> Result<(), StoreError> {
        let mut detail = export.asked;
        detail.insert("rows".to_owned(), export.rows.into());
        detail.insert("goes_on".to_owned(), export.goes_on.into());
        let mut transaction = self.begin().await?;
        record(
            &mut transaction,
            by,
            Action::AnswerExported,
            export.question,
            &Value::Object(detail),
        )
        .await?;
        transaction.commit().await
    }
}
