use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Put;
use crate::access::Principal;
use crate::app::App;
use crate::questions::{Cells, csv};
use crate::refusal::Refusal;
use crate::store::{After, Export};

/// Where a table goes on, beside it.
const NEXT: &str = "x-next";

/// In which form an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Json,
    Csv,
}

impl Form {
    /// What `Accept` asks for: CSV where it names that and not JSON before.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).iter();
        let accepts = accepts.filter_map(|value| value.to_str().ok());
        let named = accepts.flat_map(|value| value.split(',')).find_map(|range| {
            match range.split(';').next().unwrap_or_default().trim() {
                "text/csv" => Some(Self::Csv),
                "application/json" => Some(Self::Json),
                _ => None,
            }
        });
        named.unwrap_or(Self::Json)
    }
}

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
        asked: &put.asked,
        rows: rows.len(),
        goes_on: put.after.is_some(),
    };
    app.store.note_export(&export, &principal.now()).await?;
    let text = csv(&rows, put.after.is_none()).map_err(|error| {
        tracing::error!("a table cannot be written: {error}");
        Refusal::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "the collector failed; see its log",
        )
    })?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"umbra.csv\""),
    );
    if let Some(next) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        headers.insert(NEXT, next);
    }
    Ok(response)
}
