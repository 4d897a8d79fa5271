//! Several values of one figure.

use std::fmt;

/// The middle, the lowest and the highest of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    lowest: f64,
    highest: f64,
    /// How many there were.
    count: usize,
}

impl Spread {
    /// Of at least one value.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
        Self {
            median: f64::midpoint(values[low], values[high]),
            lowest: values[0],
            highest: values[values.len() - 1],
            count: values.len(),
        }
    }

    /// The range, when there is one.
    pub(super) fn range(&self, decimals: usize) -> impl fmt::Display + use<> {
        if self.count > 1 {
            format!("{:.decimals$} - {:.decimals$}", self.lowest, self.highest)
        } else {
            String::new()
        }
    }
}

impl From<f64> for Spread {
    fn from(value: f64) -> Self {
        Self::of([value])
    }
}
