//! Whether a caller sent far more to a vendor on a day than it is used to.
//!
//! Its own history says so: the days of the 28 before on which it sent anything. Days without traffic (weekends, holidays,
//! a host that was off, an agent that was not there) are no days of little traffic, so they are left out. Of traffic
//! that is made of people and jobs, factors are alike and not differences, so it is measured in logarithms; median and
//! median deviation, as one day of much must not hide the next one. All of these must hold:
//! 1. there are at least [`DAYS`] such days: a new caller has no habits;
//! 2. the day has [`FLOOR`] bytes: below, nobody should be called;
//! 3. it has [`FACTOR`] times the median;
//! 4. the modified z-score of its logarithm is above [`SCORE`] (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
//!    1993), with a spread of at least [`SPREAD`];
//! 5. it has twice the most of the same weekday: a job that runs each Sunday is a habit.
//!
//! What it cannot see: what is spread over callers, or grows by less than a tenth a day; what is sent in a caller's first
//! week; a second large day on the same weekday within four weeks.

use std::cmp::Ordering;

/// Days that are looked back at.
pub(crate) const BACK: i64 = 28;
/// Days with traffic that make a habit.
const DAYS: usize = 7;
/// Bytes of a day that may be a spike.
pub(crate) const FLOOR: u64 = 10_000_000;
/// Times the median.
const FACTOR: f64 = 5.0;
/// The modified z-score.
const SCORE: f64 = 3.5;
/// The least spread, in natural logarithms: a caller that sends the same each day may send a quarter more.
const SPREAD: f64 = 0.25;
/// Of a normal distribution, the standard deviation over the median deviation.
const NORMAL: f64 = 1.4826;

/// What is usual for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usual {
    /// Median of its days, in bytes.
    pub(crate) median: u64,
    /// The least of them.
    pub(crate) least: u64,
    /// The most of them.
    pub(crate) most: u64,
    /// How many they are.
    pub(crate) days: usize,
}

/// What is usual, if `sent` bytes on `day` are a spike. Days are numbered without a hole; `history` is days and bytes, each
/// day once.
pub(crate) fn spike(day: i64, sent: u64, history: &[(i64, u64)]) -> Option<Usual> {
    let before = || {
        let days = history.iter().copied();
        days.filter(|(other, bytes)| (day - BACK..day).contains(other) && *bytes > 0)
    };
    let mut bytes: Vec<u64> = before().map(|(_, bytes)| bytes).collect();
    bytes.sort_unstable();
    let (&least, &most) = (bytes.first()?, bytes.last()?);
    if bytes.len() < DAYS || sent < FLOOR {
        return None;
    }
    let logarithms: Vec<f64> = bytes.iter().copied().map(logarithm).collect();
    let middle = median(logarithms.clone());
    let deviations = logarithms.iter().map(|value| (value - middle).abs()).collect();
    let spread = (NORMAL * median(deviations)).max(SPREAD);
    let above = logarithm(sent) - middle;
    let same_weekday = before().filter(|(other, _)| (day - other) % 7 == 0);
    let habit = same_weekday.map(|(_, bytes)| bytes).max().unwrap_or_default();
    let is_one = above >= FACTOR.ln() && above > SCORE * spread && sent >= habit.saturating_mul(2);
    is_one.then(|| Usual {
        // Of an even number of days the lower of the two in the middle: a number that was sent.
        median: bytes[(bytes.len() - 1) / 2],
        least,
        most,
        days: bytes.len(),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "of 2^53 bytes and more the last ones do not matter"
)]
fn logarithm(bytes: u64) -> f64 {
    (bytes as f64).ln()
}

/// The median of some numbers; of none 0.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (length, middle) if length % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests;
