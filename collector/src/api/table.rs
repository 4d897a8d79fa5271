//! Answers as tables, for those who ask for CSV.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::questions::{Cells, csv};
use crate::refusal::Refusal;

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
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
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

/// Rows as a table, which browsers save; its head is told with the first part.
pub(super) fn table<R: Cells>(rows: &[R], is_first: bool, next: Option<String>) -> Result<Response, Refusal> {
    let text = csv(rows, is_first).map_err(|error| {
        tracing::error!("a table cannot be written: {error}");
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
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
