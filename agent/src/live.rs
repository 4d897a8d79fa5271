//! What the programs of this host do now, for `umbra-agent top`: added up in memory while the agent runs, and told over a
//! socket that root alone may ask.

mod server;
mod table;
mod verdicts;
mod word;

#[cfg(test)]
mod tests;

pub use server::{LiveError, Server, Sources};
pub use table::{Live, Table};
pub use verdicts::Asked;
pub use word::{Answered, Delivery, Policy, Seen, Used, Word};

/// Where an agent that runs is asked. As [`crate::lock`]'s file: one a host, whatever is configured.
pub const SOCKET: &str = "/run/umbra-agent.sock";
