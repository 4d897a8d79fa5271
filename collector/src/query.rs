//! The query that the page and the API share.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Scope;
use crate::refusal::Refusal;
use crate::store::{NoPosition, Selection};

/// Longest text to look for, in characters.
const TEXT: usize = 200;

/// `?q=…&vendor=…&finding=…&after=…&limit=…`
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// Text in the vendor, service, name, program, user or host.
    pub(crate) q: Option<String>,
    /// Only the rows of this vendor, by its whole name; not together with `q` or `finding`.
    pub(crate) vendor: Option<String>,
    /// Only the rows of this finding.
    pub(crate) finding: Option<i64>,
    /// Place to go on from: the `next` of an earlier answer.
    #[param(pattern = r"^(-?[0-9]{1,18}\.-?[0-9]{1,18})?$")]
    pub(crate) after: Option<String>,
    /// Rows, 100 unless it says; the API only.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u16>,
}

impl Query {
    /// The vendor that is asked for.
    pub(crate) fn vendor(&self) -> Option<&str> {
        self.vendor
            .as_deref()
            .map(str::trim)
            .filter(|vendor| !vendor.is_empty())
    }

    /// What to read from the store, for somebody who sees these hosts.
    pub(crate) fn selection(&self, scope: Scope) -> Result<Selection, Refusal> {
        let after = match self.after.as_deref() {
            Some(text) if !text.is_empty() => Some(
                text.parse()
                    .map_err(|error: NoPosition| Refusal::bad(error.to_string()))?,
            ),
            _ => None,
        };
        let text = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let text: Option<String> = text.map(|text| text.chars().take(TEXT).collect());
        let vendor = self.vendor().map(ToOwned::to_owned);
        if vendor.is_some() && (text.is_some() || self.finding.is_some()) {
            return Err(Refusal::bad(
                "`vendor` cannot be asked for together with `q` or `finding`; leave one of them out",
            ));
        }
        Ok(Selection {
            after,
            finding: self.finding,
            vendor,
            text,
            scope,
        })
    }
}
