use axum::Json;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Put;
use crate::access::Principal;
use crate::api::table::{Form, table};
use crate::app::App;
use crate::questions::Cells;
use crate::refusal::Refusal;
use crate::store::{After, Export};

/// A part of an answer. Field names are stable; fields may be added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answer<R> {
    /// The first hour.
    from: Timestamp,
    /// The first hour that the answer is not about.
    to: Timestamp,
    rows: Vec<R>,
    /// What to give as `after` to go on; null at the end.
    next: Option<String>,
}

/// Gives rows in the form that was asked for. A table is an export, which the audit log keeps before it is given.
pub(super) async fn give<R: Cells + Serialize>(
    (app, principal): (&App, &Principal),
    question: &'static str,
    put: &Put,
    rows: Vec<R>,
    next: Option<After>,
) -> Result<Response, Refusal> {
    let next = next.map(|next| next.to_string());
    if put.form == Form::Json {
        return Ok(Json(Answer {
            from: put.asked.from,
            to: put.asked.to,
            rows,
            next,
        })
        .into_response());
    }
    let export = Export {
        question,
        asked: put.asked.noted(),
        rows: rows.len(),
        goes_on: put.after.is_some(),
    };
    app.store.note_export(export, &principal.now()).await?;
    table(&rows, put.after.is_none(), next)
}
