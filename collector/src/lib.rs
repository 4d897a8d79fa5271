//! The collector: takes agents' reports, keeps the fleet's inventory of AI callers, raises findings, alerts, and
//! shows it all on a page. Data goes one way: `ingest` → `inventory` → `store` → `pages`, `api`, `alerts`, `metrics`.
#![forbid(unsafe_code)]

pub mod access;
pub mod alerts;
mod api;
mod app;
pub mod authority;
mod body;
mod catalogue;
#[cfg(test)]
#[path = "../tests/collector/cluster.rs"]
mod cluster;
pub mod commands;
pub mod config;
mod configuration;
pub mod denied;
mod enrolment;
mod erasure;
pub mod findings;
pub mod ingest;
pub mod inventory;
pub mod labels;
mod live;
#[cfg(test)]
#[path = "../tests/collector/made_up.rs"]
mod made_up;
pub mod metrics;
pub mod names;
mod paced;
mod pages;
pub mod person;
mod policy;
pub mod presence;
mod query;
pub mod questions;
pub mod refusal;
pub mod requests;
pub mod retention;
pub mod server;
pub mod store;
mod sums;
mod traffic;
mod verdicts;
mod verifier;
