//! What deserves a person. Today: a new unsanctioned caller.
//!
//! One finding stands for a fleet-wide caller and a vendor, and that caller is keyed on the program's fleet-wide name
//! and its place ([`crate::inventory::fleet_wide`]): neither host, pid, home directory nor user is in the key. The
//! same tool run by two people on three hosts is one program with two users, and one decision for whoever sanctions
//! it; the page shows each of its users and hosts as a row. The finding is made in the transaction that stores the
//! observation, and a unique key of the store keeps it the only one.

use umbra_catalog::Kind;
use umbra_report::Evidence;

/// The kind of finding: a program that nobody has sanctioned uses a vendor for the first time.
pub const NEW_CALLER: &str = "new_caller";

/// Whether an observation is enough for a finding: not when it is but static content or telemetry, which other sites
/// embed, nor when an address alone says which name it was.
pub fn deserves_one(kind: Kind, evidence: Evidence) -> bool {
    kind.raises_finding() && evidence != Evidence::Ip
}
