//! Saved questions about the past: who used a vendor, how much left by whom, which decision covered it then.
//!
//! Observations are kept by the hour, so a question is about whole hours, and an hour belongs to the decisions that were in
//! force when it began. What is answered of an hour never changes by a later policy: each use is parted where the policy
//! changed or a sanction ended, and each part is held against the policy of its own time ([`periods`]).

mod cells;
mod periods;
mod rows;

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

use crate::catalogue;
pub use cells::{Cells, csv};
pub(crate) use periods::{Period, Periods};
pub(crate) use rows::{Covered, Sent, Spiked, Used};

/// Characters of a vendor's name.
const VENDOR: usize = umbra_report::limits::WORD;

/// What is asked: whose services, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// The first hour.
    pub from: Timestamp,
    /// The first hour that is not asked about.
    pub to: Timestamp,
}

impl Asked {
    /// The same as the audit log has it.
    pub(crate) fn noted(&self) -> serde_json::Map<String, serde_json::Value> {
        let Self { vendor, from, to } = self;
        [
            ("vendor", vendor.clone()),
            ("from", from.to_string()),
            ("to", to.to_string()),
        ]
        .map(|(field, value)| (field.to_owned(), value.into()))
        .into_iter()
        .collect()
    }
}

/// A question that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// No name.
    #[error("`vendor` must be a vendor's name, at most 128 characters")]
    Vendor,
    /// Nothing is between the bounds.
    #[error("`to` must be after `from`")]
    Empty,
    /// Years.
    #[error("ask about 14 months at most: observations are kept for 13 unless configured otherwise")]
    Long,
}

impl Asked {
    /// `vendor` is any of a vendor's names in the catalogue, or what a later one calls it. Bounds are widened to whole hours;
    /// the 30 days before `now` are meant where they are left out.
    pub fn new(
        vendor: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, Unanswerable> {
        if vendor.trim().is_empty() || vendor.chars().count() > VENDOR || vendor.contains(char::is_control) {
            return Err(Unanswerable::Vendor);
        }
        let to = hour(to.unwrap_or(now), jiff::RoundMode::Ceil);
        let month = SignedDuration::from_hours(30 * 24);
        let from = from.or_else(|| to.checked_sub(month).ok()).unwrap_or(to);
        let from = hour(from, jiff::RoundMode::Floor);
        if from >= to {
            return Err(Unanswerable::Empty);
        }
        if to.duration_since(from) > SignedDuration::from_hours(430 * 24) {
            return Err(Unanswerable::Long);
        }
        let known = catalogue::builtin().vendor(vendor);
        Ok(Self {
            vendor: known.map_or_else(|| vendor.to_owned(), |known| known.name.clone()),
            from,
            to,
        })
    }
}

/// A whole hour. Times at the end of the calendar stay as they are.
fn hour(time: Timestamp, mode: jiff::RoundMode) -> Timestamp {
    let whole = TimestampRound::new().smallest(Unit::Hour).mode(mode);
    time.round(whole).unwrap_or(time)
}

#[cfg(test)]
mod tests;
