use std::fmt;

use serde::{Deserialize, Serialize};

/// What has been decided about a caller's use of a vendor, the strictest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It must not be.
    Prohibited,
    /// Nobody has decided, or somebody wants it to be looked at.
    #[default]
    Unreviewed,
    /// It may be.
    Sanctioned,
}

impl Verdict {
    /// Every verdict, the strictest first.
    pub const ALL: [Self; 3] = [Self::Prohibited, Self::Unreviewed, Self::Sanctioned];

    /// The word used in files, in the API and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prohibited => "prohibited",
            Self::Unreviewed => "unreviewed",
            Self::Sanctioned => "sanctioned",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
