//! What is shown: the agent's last word, in the order and with the filter that the person has chosen.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rates::Rates;
use crate::live::{Used, Word};

/// The longest text to filter by.
const LONGEST_FILTER: usize = 100;

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    End,
}

/// By what rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Program,
    User,
    Verdict,
    Open,
    Flows,
    Out,
    In,
    Rate,
    Last,
}

impl Order {
    /// As the columns stand.
    pub(super) const ALL: [Self; 9] = [
        Self::Program,
        Self::User,
        Self::Verdict,
        Self::Open,
        Self::Flows,
        Self::Out,
        Self::In,
        Self::Rate,
        Self::Last,
    ];

    fn beside(self, step: isize, is_judged: bool) -> Self {
        let mut shown = Self::ALL.to_vec();
        shown.retain(|order| is_judged || *order != Self::Verdict);
        let place = shown.iter().position(|order| *order == self).unwrap_or_default();
        let next = place.saturating_add_signed(step).min(shown.len() - 1);
        shown[next]
    }
}

/// What lies over the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Nothing,
    /// The filter, which is being typed.
    Filter,
    Detail,
    Help,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A vendor, with the sums of what is shown of it.
    Vendor(Vendor<'a>),
    /// A caller and a service.
    Used(&'a Used),
}

/// Sums of a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vendor<'a> {
    pub(super) name: &'a str,
    pub(super) callers: usize,
    pub(super) open: u64,
    pub(super) flows: u64,
    pub(super) bytes_out: u64,
    pub(super) bytes_in: u64,
    pub(super) rate: u64,
    pub(super) last_seen: Timestamp,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) word: Option<Word>,
    pub(super) rates: Rates,
    /// Why nothing is heard.
    pub(super) lost: Option<String>,
    pub(super) order: Order,
    pub(super) reversed: bool,
    pub(super) by_vendor: bool,
    pub(super) paused: bool,
    pub(super) filter: String,
    pub(super) over: Over,
    /// The row's id.
    pub(super) selected: Option<u64>,
    /// The first line that is shown; the view keeps the selected one in sight.
    pub(super) top: usize,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            word: None,
            rates: Rates::default(),
            lost: None,
            order: Order::Out,
            reversed: false,
            by_vendor: true,
            paused: false,
            filter: String::new(),
            over: Over::Nothing,
            selected: None,
            top: 0,
        }
    }

    /// Takes the agent's word, unless the person wants to read.
    pub(super) fn hear(&mut self, word: Word) {
        self.lost = None;
        if !self.paused {
            self.rates.take(&word);
            self.word = Some(word);
        }
    }

    /// Says that the agent is gone.
    pub(super) fn lose(&mut self, reason: String) {
        self.lost = Some(reason);
    }

    /// Whether there is a collector that says verdicts.
    pub(super) fn is_judged(&self) -> bool {
        self.word.as_ref().is_some_and(|word| word.policy.is_some())
    }

    /// Callers and services that the filter lets through, sorted.
    pub(super) fn rows(&self) -> Vec<&Used> {
        let wanted = self.filter.to_lowercase();
        let used = self.word.iter().flat_map(|word| &word.used);
        let mut rows: Vec<&Used> = used.filter(|used| is_about(used, &wanted)).collect();
        rows.sort_by(|one, other| {
            let order = self.compare(one, other);
            if self.reversed { order.reverse() } else { order }.then(one.id.cmp(&other.id))
        });
        rows
    }

    /// The table's lines.
    pub(super) fn lines(&self) -> Vec<Line<'_>> {
        let rows = self.rows();
        if !self.by_vendor {
            return rows.into_iter().map(Line::Used).collect();
        }
        // In the order of their first rows, which the order has put there.
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut groups: Vec<Vec<&Used>> = Vec::new();
        for row in rows {
            let place = *places.entry(&row.vendor).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(row);
        }
        groups
            .into_iter()
            .flat_map(|rows| {
                let vendor = self.vendor(&rows).map(Line::Vendor);
                vendor.into_iter().chain(rows.into_iter().map(Line::Used))
            })
            .collect()
    }

    /// The row that details are of.
    pub(super) fn chosen(&self) -> Option<&Used> {
        let used = &self.word.as_ref()?.used;
        used.iter().find(|used| Some(used.id) == self.selected)
    }

    /// Selects another row, so many further down.
    pub(super) fn step(&mut self, by: isize) {
        let ids: Vec<u64> = self
            .lines()
            .into_iter()
            .filter_map(|line| match line {
                Line::Used(used) => Some(used.id),
                Line::Vendor(_) => None,
            })
            .collect();
        let place = ids.iter().position(|id| Some(*id) == self.selected);
        let next = match place {
            Some(place) => place.saturating_add_signed(by).min(ids.len().saturating_sub(1)),
            None if by < 0 => ids.len().saturating_sub(1),
            None => 0,
        };
        self.selected = ids.get(next).copied();
    }

    /// Sorts by the column beside.
    pub(super) fn sort_beside(&mut self, step: isize) {
        self.order = self.order.beside(step, self.is_judged());
        self.reversed = false;
    }

    /// Adds to the filter.
    pub(super) fn type_in(&mut self, letter: char) {
        if self.filter.len() < LONGEST_FILTER && !letter.is_control() {
            self.filter.push(letter);
        }
    }

    /// Names from A to Z, numbers and times from the greatest.
    fn compare(&self, one: &Used, other: &Used) -> Ordering {
        let by = |of: &dyn Fn(&Used) -> u64| Reverse(of(one)).cmp(&Reverse(of(other)));
        match self.order {
            Order::Program => one.caller.program.name.cmp(&other.caller.program.name),
            Order::User => user(one).cmp(&user(other)),
            // The strictest first, those of which nothing is known last.
            Order::Verdict => {
                let of = |used: &Used| used.verdict.as_ref().map(|judged| judged.verdict);
                (of(one).is_none(), of(one)).cmp(&(of(other).is_none(), of(other)))
            }
            Order::Open => by(&|used| used.open),
            Order::Flows => by(&|used| used.flows),
            Order::Out => by(&|used| used.bytes_out),
            Order::In => by(&|used| used.bytes_in),
            Order::Rate => by(&|used| self.rates.of(used.id)),
            Order::Last => Reverse(one.last_seen).cmp(&Reverse(other.last_seen)),
        }
    }

    fn vendor<'a>(&self, rows: &[&'a Used]) -> Option<Vendor<'a>> {
        let sum = |of: fn(&Used) -> u64| rows.iter().fold(0_u64, |sum, used| sum.saturating_add(of(used)));
        Some(Vendor {
            name: &rows.first()?.vendor,
            callers: rows.len(),
            open: sum(|used| used.open),
            flows: sum(|used| used.flows),
            bytes_out: sum(|used| used.bytes_out),
            bytes_in: sum(|used| used.bytes_in),
            rate: rows.iter().fold(0, |sum, used| sum + self.rates.of(used.id)),
            last_seen: rows.iter().map(|used| used.last_seen).max()?,
        })
    }
}

/// The verdict's word, when it is known.
pub(super) fn verdict(used: &Used) -> &'static str {
    used.verdict.as_ref().map_or("", |judged| judged.verdict.as_str())
}

/// The user's name, or its number.
pub(super) fn user(used: &Used) -> String {
    let who = &used.caller.user;
    who.name.clone().unwrap_or_else(|| who.uid.to_string())
}

/// Whether the text, in lower case, stands in something that is shown of it.
fn is_about(used: &Used, text: &str) -> bool {
    let program = &used.caller.program;
    let names = used.names.iter().map(|seen| seen.name.as_str());
    let container = used.caller.container.as_ref();
    let image = container.and_then(|container| container.image.as_deref());
    [
        used.vendor.as_str(),
        &used.service,
        &program.name,
        &user(used),
        verdict(used),
    ]
    .into_iter()
    .chain(program.script.as_deref())
    .chain(program.exe.as_deref())
    .chain(used.caller.unit.as_deref())
    .chain(image)
    .chain(names)
    .any(|field| field.to_lowercase().contains(text))
}
