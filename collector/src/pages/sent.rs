//! What was sent to vendors on the last days: a chart, and its numbers.

use jiff::Timestamp;

use super::address::address;
use super::chart;
use super::format::{Bytes, Time, bytes, thousands};
use super::traffic::days;
use crate::store::VendorTraffic;
use crate::traffic::Added;

/// Vendors that are shown.
const SHOWN: usize = 50;
/// Vendors that have a colour; the rest is one part.
const PARTS: usize = 5;

/// The template's `sent.html`.
pub(super) struct Sent {
    /// An SVG picture, made of numbers and dates alone; `None`: nothing was sent.
    pub(super) chart: Option<String>,
    pub(super) vendors: Vec<Vendor>,
    /// The days as the head of the table shows them.
    pub(super) days: Vec<String>,
    /// Whether it is of many callers, whose number is told.
    pub(super) has_callers: bool,
    /// As of when, unless it is now.
    pub(super) time: Option<Time>,
}

/// A vendor's row.
pub(super) struct Vendor {
    pub(super) name: String,
    /// Its colour's number in the style sheet.
    pub(super) part: usize,
    /// Its page.
    pub(super) href: String,
    pub(super) callers: String,
    pub(super) sum: Bytes,
    pub(super) days: Vec<String>,
}

impl Sent {
    /// With how many callers did it.
    pub(super) fn by_callers(traffic: &Added, now: Timestamp) -> Self {
        Self {
            has_callers: true,
            time: traffic.time.map(Time::from),
            ..Self::of(&traffic.vendors, traffic.time.unwrap_or(now))
        }
    }

    pub(super) fn of(traffic: &[VendorTraffic], now: Timestamp) -> Self {
        let days = days(now);
        let vendors = traffic.iter().take(SHOWN).enumerate();
        Self {
            chart: chart::drawn(&stacked(traffic), &days),
            vendors: vendors.map(|(place, of)| Vendor::of(place, of)).collect(),
            days: days.iter().map(|day| day.strftime("%m-%d").to_string()).collect(),
            has_callers: false,
            time: None,
        }
    }
}

/// Bytes by part and day: vendors with a colour, and the rest as one.
fn stacked(traffic: &[VendorTraffic]) -> Vec<Vec<u64>> {
    let mut parts: Vec<Vec<u64>> = traffic.iter().take(PARTS).map(|of| of.days.clone()).collect();
    if let Some((first, others)) = traffic.get(PARTS..).and_then(<[_]>::split_first) {
        let add = |sum: Vec<u64>, of: &VendorTraffic| {
            let pairs = sum.iter().zip(&of.days);
            pairs
                .map(|(sum, day)| sum.saturating_add(*day))
                .collect::<Vec<u64>>()
        };
        parts.push(others.iter().fold(first.days.clone(), add));
    }
    parts
}

impl Vendor {
    fn of(place: usize, of: &VendorTraffic) -> Self {
        Self {
            name: of.vendor.clone(),
            part: place.min(PARTS),
            href: address("vendors", &of.vendor),
            callers: thousands(of.callers),
            sum: of.sum().into(),
            days: of.days.iter().map(|day| bytes(*day)).collect(),
        }
    }
}
