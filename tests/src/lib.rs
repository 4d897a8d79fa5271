//! The test bed: network namespaces, a TLS server that knows the truth, real clients, the agent and the collector.
//!
//! A test makes a [`TestBed`], runs [`clients`] in it, and compares what the [`Agent`] said with what the server
//! counted by itself ([`truth::Connection`]). Whatever cannot run here says `skipped: why` ([`skip`]).
//!
//! The test binary needs no cargo at run time, so that it can be carried into a virtual machine:
//!
//! | variable | means |
//! | --- | --- |
//! | `UMBRA_BIN_DIR` | folder of `umbra-agent`, `umbra-collector` and `umbra-testbed`; else where cargo put the test |
//! | `UMBRA_TESTBED_DIR` | folder of the clients that tests build or install; else `target/testbed` |
//! | `UMBRA_SLOW=1` | the CPU is emulated: every time-out is ten times as long |
//! | `CI` | a skip is a failure |
#![forbid(unsafe_code)]
// A failure of the test bed is a failure of the test that uses it: it panics with the reason.
#![allow(clippy::missing_panics_doc)]

pub mod agent;
pub mod bed;
pub mod browser;
pub mod clients;
pub mod clock;
pub mod collector;
pub mod containers;
pub mod disk;
pub mod event;
pub mod fetch;
pub mod hello;
pub mod load;
pub mod machine;
pub mod memory;
pub mod metrics;
pub mod name_server;
pub mod namespace;
pub mod nss;
pub mod owner;
pub mod process;
pub mod proxies;
pub mod resolved;
pub mod say;
pub mod scorecard;
pub mod serve;
pub mod skip;
pub mod socks;
pub mod terminal;
pub mod truth;
mod udp;
pub mod wait;
pub mod webhook;

pub use agent::Agent;
pub use bed::TestBed;
pub use collector::Collector;
pub use event::Event;
