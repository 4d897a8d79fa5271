//! Everything that reads bytes of strangers, as a crate for `fuzz/`. No part of the agent, which has the same modules
//! among its own: with the rest of it, the kernel programs, SQLite and a TLS stack would be built for each fuzzer.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "some of it is for modules that are not here")]

pub mod inspect;
pub mod names;
