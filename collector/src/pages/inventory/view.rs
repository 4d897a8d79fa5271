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
use crate::store::{Page, Sort};

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
    /// How the rows are ordered.
    pub(super) order: Order,
    /// Whether the page begins at the first row.
    pub(super) first: bool,
    pub(super) rows: Vec<Row>,
    /// The next page.
    pub(super) next: Option<String>,
    /// The first page.
    pub(super) begin: String,
    pub(super) health: Strip,
    /// Where the rows that are chosen are decided about, for who may.
    pub(super) decide: Option<&'static str>,
    /// What to do while there is nothing.
    pub(super) first_day: Option<FirstDay>,
}

/// How the rows are ordered, and how else they may be.
pub(super) struct Order {
    pub(super) sort: Sort,
    /// What is asked for beside it.
    fields: Vec<(&'static str, String)>,
}

impl Order {
    fn of(sort: Sort, fields: &[(&'static str, String)]) -> Self {
        let others = fields.iter().filter(|(field, _)| *field != "sort");
        Self {
            sort,
            fields: others.cloned().collect(),
        }
    }

    /// Whether it is the one without asking for it.
    pub(super) fn is_default(&self) -> bool {
        self.sort == Sort::default()
    }

    /// The same rows in this order, from the first on.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(super) fn by(&self, sort: &Sort) -> String {
        let mut fields = self.fields.clone();
        if *sort != Sort::default() {
            fields.push(("sort", sort.as_str().to_owned()));
        }
        address("/inventory", &fields)
    }
}

/// An order in words.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
pub(super) const fn words(sort: &Sort) -> &'static str {
    match sort {
        Sort::FirstSeen => "newest first",
        Sort::LastSeen => "last seen first",
        Sort::BytesOut => "most bytes out first",
    }
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
        let order = Order::of(query.sort.unwrap_or_default(), &fields);
        let rest = page.next.is_some() && page.rows.len() < usize::from(ROWS);
        Self {
            finding: query.finding,
            kind: None,
            first: query.after.as_deref().is_none_or(str::is_empty),
            next: page.next.map(|position| page_from(Some(position.to_string()))),
            begin: page_from(None),
            rows: page
                .rows
                .into_iter()
                .map(|used| Row::of(used, policy, now))
                .collect(),
            health,
            filter: Filter::of(query),
            rest,
            is_part: !order.fields.is_empty(),
            table: from("/v1/inventory", here),
            order,
            decide: None,
            first_day: None,
        }
    }
}
