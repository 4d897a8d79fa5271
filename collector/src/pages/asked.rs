use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The query of a page's address, without the fields that a form sends empty.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// The query that a text is, without the fields that a form sends empty.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let mut fields = form_urlencoded::Serializer::for_suffix(String::from("/?"), 2);
    let said = form_urlencoded::parse(text.as_bytes());
    fields.extend_pairs(said.filter(|(_, value)| !value.is_empty()));
    let uri =
        Uri::try_from(fields.finish()).map_err(|_| Refusal::bad("the address of this page is too long"))?;
    let Query(asked) = Query::try_from_uri(&uri).map_err(|error| Refusal::bad(error.body_text()))?;
    Ok(asked)
}
