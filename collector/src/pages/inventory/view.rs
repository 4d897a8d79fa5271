//! The inventory in words.

use jiff::Timestamp;

use crate::app::App;
use crate::findings::FindingKind;
use crate::pages::row::Row;
use crate::pages::strip::Strip;
use crate::policy::InForce;
use crate::query::Query;
use crate::store::Page;

/// The page.
pub(super) struct View {
    /// What the search field holds.
    pub(super) search: String,
    /// The vendor whose rows are shown.
    pub(super) vendor: Option<String>,
    /// The finding that the page is about.
    pub(super) finding: Option<i64>,
    /// What that one is about.
    pub(super) kind: Option<FindingKind>,
    /// Whether the page begins at the newest row.
    pub(super) first: bool,
    pub(super) rows: Vec<Row>,
    /// Query of the next page.
    pub(super) next: Option<String>,
    /// Query of the first page.
    pub(super) newest: String,
    pub(super) health: Strip,
    /// Where agents reach the collector.
    pub(super) address: String,
}

impl View {
    /// Whether some of the inventory is shown only.
    pub(super) fn is_part(&self) -> bool {
        self.finding.is_some() || self.vendor.is_some() || !self.search.is_empty()
    }

    pub(super) fn new(
        query: &Query,
        page: Page,
        policy: &InForce,
        health: Strip,
        app: &App,
        now: Timestamp,
    ) -> Self {
        let search = query.q.as_deref().unwrap_or_default().trim().to_owned();
        let vendor = query.vendor();
        let address = |after: Option<String>| {
            let mut fields = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
            if !search.is_empty() {
                fields.append_pair("q", &search);
            }
            if let Some(vendor) = vendor {
                fields.append_pair("vendor", vendor);
            }
            if let Some(finding) = query.finding {
                fields.append_pair("finding", &finding.to_string());
            }
            if let Some(after) = after {
                fields.append_pair("after", &after);
            }
            fields.finish()
        };
        Self {
            finding: query.finding,
            kind: None,
            first: query.after.as_deref().is_none_or(str::is_empty),
            next: page.next.map(|position| address(Some(position.to_string()))),
            newest: address(None),
            rows: page
                .rows
                .into_iter()
                .map(|used| Row::of(used, policy, now))
                .collect(),
            health,
            vendor: vendor.map(ToOwned::to_owned),
            address: app.page.as_str().trim_end_matches('/').to_owned(),
            search,
        }
    }
}
