//! The agent: watches one host and says which program talks to which AI vendor.
//!
//! Data goes one way: `probes` → `flows` → `names` → `attribution` → `output` and `activity` → `rollup` → `spool` →
//! `report`. [`pipeline`] is the first half of it, [`delivery`] the second. [`inspect`] reads captures instead, with the
//! parsers of `names`.
// Two modules may, and say why; `main.rs` forbids it.
#![deny(unsafe_code)]

pub mod activity;
pub mod attribution;
pub mod check;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod discovery;
pub mod enrolment;
pub mod fingerprint;
pub mod flows;
pub mod identity;
pub mod inspect;
pub mod judge;
pub mod live;
pub mod lock;
pub mod losses;
pub mod managed;
pub mod memory;
pub mod metrics;
pub mod names;
pub mod output;
pub mod pipeline;
pub mod probes;
pub mod relays;
pub mod report;
pub mod rollup;
pub mod spool;
mod system_program;
pub mod top;
pub mod unclean;
