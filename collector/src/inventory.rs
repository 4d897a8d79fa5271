//! What an observation means to the inventory: the caller's fleet-wide form and the hour that it counts in.

mod place;
mod tally;

pub use place::fleet_wide;
pub(crate) use tally::{Facts, Tally};

#[cfg(test)]
mod tests;
