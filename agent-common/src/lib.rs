//! The types that the kernel programs and the agent share.
//!
//! Everything here is `repr(C)` without padding that could carry kernel memory; sizes are asserted, because the two
//! halves are built by two compilers. The `user` feature adds what only the agent needs.
#![no_std]

pub mod trie;
