//! Builds the kernel half of the agent (`agent-ebpf/`) and says where the object is.
//!
//! The kernel half has its own target, toolchain and lock file, so cargo cannot build it as an ordinary
//! dependency: the agent's build script calls [`build`], and `cargo xtask setup` asks the same code what is
//! missing.
#![forbid(unsafe_code)]

mod build;
mod error;
mod strip;
mod toolchain;

#[cfg(test)]
mod tests;

pub use build::{OBJECT_ENV, build};
pub use error::Error;
pub use toolchain::{LLVM_MAJOR, Linker, PINNED_NIGHTLY, Rust, Toolchain};
