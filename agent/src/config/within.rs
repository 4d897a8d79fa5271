use std::time::Duration;

use serde::Deserialize;

/// A whole number from `LOW` to `HIGH`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "i64")]
pub struct Within<const LOW: u64, const HIGH: u64>(u64);

impl<const LOW: u64, const HIGH: u64> Within<LOW, HIGH> {
    /// For defaults and tests.
    ///
    /// # Panics
    /// When `value` is out of range; at compile time in a constant.
    pub const fn new(value: u64) -> Self {
        assert!(LOW <= value && value <= HIGH);
        Self(value)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as a size in memory; every range that is used so fits 32 bits.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The number as seconds.
    pub const fn as_seconds(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl<const LOW: u64, const HIGH: u64> TryFrom<i64> for Within<LOW, HIGH> {
    type Error = String;

    // TOML integers are signed; reading them as such lets a negative one have the same clear answer.
    fn try_from(value: i64) -> Result<Self, String> {
        match u64::try_from(value) {
            Ok(value) if (LOW..=HIGH).contains(&value) => Ok(Self(value)),
            _ => Err(format!(
                "{value} is out of range: give a number from {LOW} to {HIGH}"
            )),
        }
    }
}
