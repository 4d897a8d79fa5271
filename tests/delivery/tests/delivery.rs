//! Exactly once, to the byte: whatever ends, fails or is damaged between the agent's sums and the collector's store.
//!
//! The feeder is the agent's own delivery with sums that are known; the collector is the program that ships, in debug.
#![forbid(unsafe_code)]

#[path = "delivery/clocks.rs"]
mod clocks;
#[path = "../../../collector/tests/collector/cluster.rs"]
mod cluster;
#[path = "delivery/damage.rs"]
mod damage;
#[path = "delivery/feeding.rs"]
mod feeding;
#[path = "delivery/full.rs"]
mod full;
#[path = "delivery/kills.rs"]
mod kills;
#[path = "delivery/network.rs"]
mod network;
#[path = "delivery/sudden.rs"]
mod sudden;
