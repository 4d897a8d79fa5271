use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What rows of the inventory are ordered by, the latest or most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What is new.
    #[default]
    FirstSeen,
    /// What is in use.
    LastSeen,
    /// What sends most.
    BytesOut,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FirstSeen, Self::LastSeen, Self::BytesOut];

    /// Its word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstSeen => "first_seen",
            Self::LastSeen => "last_seen",
            Self::BytesOut => "bytes_out",
        }
    }
}

/// A row's place in an order, what comes first being the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// What it is ordered by: a time in milliseconds since 1970, or bytes.
    pub(super) value: i64,
    /// The store's own number.
    pub(super) id: i64,
}

impl Position {
    /// Before all rows.
    pub(super) const START: Self = Self {
        value: i64::MAX,
        id: i64::MAX,
    };

    /// The store's number of the row.
    pub fn number(self) -> i64 {
        self.id
    }

    /// A name for the row that is good as an `id` of HTML.
    pub fn row(self) -> String {
        format!("u{}", self.id)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.value, self.id)
    }
}

/// A cursor that this collector did not give out.
#[derive(Debug, thiserror::Error)]
#[error("this is not a place in the inventory; take the `next` of an earlier answer")]
pub struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (value, id) = text.split_once('.').ok_or(NoPosition)?;
        let number = |text: &str| text.parse().map_err(|_| NoPosition);
        Ok(Self {
            value: number(value)?,
            id: number(id)?,
        })
    }
}
