//! What deserves a person. `docs/FINDINGS.md` says of each kind when it is raised, when again, and how it closes.
//!
//! What the policy says of observations is found in the transaction that stores them ([`crate::store`]). One finding of
//! a kind stands for a fleet-wide caller and a vendor, and that caller is keyed on the program's fleet-wide name and its
//! place ([`crate::inventory::fleet_wide`]): neither host, pid, home directory nor user is in the key. The same tool run
//! by two people on three hosts is one program with two users, and one decision for whoever sanctions it; the page shows
//! each of its users and hosts as a row. A unique key of the store keeps the finding the only one. What takes more than
//! one report to see is found in the background, by one collector for all ([`keeper`]).

mod facts;
pub(crate) mod keeper;
mod kind;
mod sentence;
mod spike;
mod state;

use umbra_catalog::Kind;
use umbra_report::Evidence;

pub use facts::{Bypass, Expiry, Facts, Lost, Plan, Seen, Silence, Spike};
pub use keeper::Watch;
pub use kind::{FindingKind, Severity};
pub use sentence::Told;
pub(crate) use sentence::{bytes, share};
pub use state::FindingState;

/// Who a finding's state is by when no person put it into it.
pub const COLLECTOR: &str = "umbra-collector";

/// Whether an observation is enough for a finding: not when it is but static content or telemetry, which other sites
/// embed, nor when an address alone says which name it was.
pub fn deserves_one(kind: Kind, evidence: Evidence) -> bool {
    kind.raises_finding() && evidence != Evidence::Ip
}

#[cfg(test)]
mod tests;
