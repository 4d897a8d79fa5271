use std::fmt;

use serde::{Deserialize, Serialize};

/// A plan of a vendor's product that the organisation has: its people are to use that, and no personal one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What people call it: 1 to 64 lower-case letters, digits and dashes; no other plan has it.
    pub id: String,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Which plan that is, in the organisation's words: `business`.
    pub plan: String,
    /// Why.
    pub reason: String,
    /// Who takes the responsibility.
    pub approver: String,
}

/// `business of GitHub`
impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.plan, self.vendor)
    }
}

/// Rules of a policy beside its sanctions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Ways by which vendors are to be reached.
    #[serde(default)]
    pub egress: Vec<crate::Egress>,
    /// Plans that the organisation has.
    #[serde(default)]
    pub plans: Vec<Plan>,
}
