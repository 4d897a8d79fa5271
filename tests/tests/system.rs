//! Whole-system tests: the agent and the collector against real clients, on this kernel.
//!
//! One binary, so that it can be carried into a virtual machine as it is; a folder of themes.
#![forbid(unsafe_code)]

#[path = "system/bed.rs"]
mod bed;
