//! The scorecard: scenarios of known traffic, counted without the observer, and what the observer says of them.
//!
//! A [`Scenario`] is played on a [`Stage`]: a test bed of its own, in which an [`Observer`] begins to watch. It gives the
//! flows that it caused ([`Caused`]), known by the server's count and by what the harness itself started; [`score`]
//! compares them with what the observer saw ([`Observed`]). The observer is the agent, or a peer in its place.
//!
//! Whatever goes wrong with the harness is an error, never a score.

pub mod caused;
mod cgroup;
pub mod command;
pub mod observed;
pub mod observer;
pub mod scenario;
mod scenarios;
pub mod score;
pub mod stage;

pub use caused::Caused;
pub use observed::Observed;
pub use observer::Observer;
pub use scenario::{Group, Scenario};
pub use stage::Stage;
