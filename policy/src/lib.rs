//! What an organisation has decided about who may use which AI, and what that says of a caller.
//!
//! A [`Sanction`] is one decision: a [`Verdict`] over a [`Scope`] of callers and destinations, with who took it, why
//! and until when. A [`Policy`] holds those that are in force and [decides](Policy::decide) over a [`Subject`]: the
//! narrowest wins, and the answer says which ones it beat and why. [`File`] is the form that people keep in Git.
//! Nothing here knows a database or a clock: what is asked about, and at which time, comes from outside, so that a
//! question about last year is answered like one about today.
#![forbid(unsafe_code)]

mod data;
mod difference;
mod egress;
mod file;
mod gate;
mod pattern;
mod plan;
mod policy;
mod rivals;
mod sanction;
mod scope;
mod subject;
mod verdict;

pub use data::DataClass;
pub use difference::{Change, difference};
pub use egress::Egress;
pub use file::{Fault, File};
pub use gate::{Gate, NoGate};
pub use pattern::{Pattern, PatternError};
pub use plan::{Plan, Rules};
pub use policy::{Beaten, Decision, Policy, Why};
pub use rivals::{Rivals, rivals};
pub use sanction::Sanction;
pub use scope::{Condition, Scope};
pub use subject::{Subject, bare_image};
pub use verdict::Verdict;
