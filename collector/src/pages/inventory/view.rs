//! The inventory in words.

use jiff::Timestamp;

use super::ROWS;
use super::filter::Filter;
use crate::findings::FindingKind;
use crate::pages::first_day::FirstDay;
use crate::pages::row::Row;
use crate::pages::strip::Strip;
use crate::policy::InForce;
use crate::query::{Query, address};
use crate::store::Page;

/// The page.
pub(super) struct View {
    pub(super) filter: Filter,
    /// Whether some of the inventory is shown only.
    pub(super) is_part: bool,
    /// Whether so much was looked through that the page is not full, though more may follow.
    pub(super) rest: bool,
    /// The same rows by the API.
    pub(super) table: String,
    /// The finding that the page is about.
    pub(super) finding: Option<i64>,
    /// What that one is about.
    pub(super) kind: Option<FindingKind>,
    /// Whether the page begins at the newest row.
    pub(super) first: bool,
    pub(super) rows: Vec<Row>,
    /// The next page.
    pub(super) next: Option<String>,
    /// The first page.
    pub(super) newest: String,
    pub(super) health: Strip,
    /// What to do while there is nothing.
    pub(super) first_day: Option<FirstDay>,
}

impl View {
    /// Whether it is the begin of the whole inventory.
    pub(super) fn is_all(&self) -> bool {
        self.first && !self.is_part
    }

    pub(super) fn new(query: &Query, page: Page, policy: &InForce, health: Strip, now: Timestamp) -> Self {
        let fields = query.fields();
        let from = |path, after: Option<String>| {
            let after = after.map(|after| ("after", after));
            address(path, &fields.iter().cloned().chain(after).collect::<Vec<_>>())
        };
        let page_from = |after| from("/inventory", after);
        let here = query.after.clone().filter(|after| !after.is_empty());
        let rest = page.next.is_some() && page.rows.len() < usize::from(ROWS);
        Self {
            finding: query.finding,
            kind: None,
            first: query.after.as_deref().is_none_or(str::is_empty),
            next: page.next.map(|position| page_from(Some(position.to_string()))),
            newest: page_from(None),
            rows: page
                .rows
                .into_iter()
                .map(|used| Row::of(used, policy, now))
                .collect(),
            health,
            filter: Filter::of(query),
            rest,
            is_part: !fields.is_empty(),
            table: from("/v1/inventory", here),
            first_day: None,
        }
    }
}
