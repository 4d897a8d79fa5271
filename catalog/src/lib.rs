//! The catalogue of AI vendors: the data, its compiler, its matcher and its linter.
//!
//! `vendors/*.toml` (the form: `README.md`) are checked by the build script and compiled into the crate.
//! [`Catalogue`] holds them, compiles every pattern into the kernel's longest-prefix trie
//! ([`umbra_agent_common::trie`]) and answers look-ups in user space from the very same entries.
#![forbid(unsafe_code)]

mod address;
mod catalogue;
mod compile;
mod error;
mod fact;
mod host;
mod kind;
#[cfg(any(test, feature = "lint"))]
pub mod lint;
mod lpm;
mod overlay;
mod source;
mod vendor;

#[cfg(test)]
mod tests;

pub use address::of_name as address_of;
pub use catalogue::{Catalogue, Match};
pub use compile::TRIE_CAPACITY;
pub use error::Error;
pub use fact::{Agreement, Country, Fact, Residency, Training};
pub use host::HostProblem;
pub use kind::{Confidence, Kind};
pub use lpm::TrieEntry;
pub use vendor::{Exclusion, Links, Pattern, Reach, Service, Vendor};
