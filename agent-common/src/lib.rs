//! The types that the kernel programs and the agent share.
//!
//! Everything here is `repr(C)` without padding that could carry kernel memory; sizes are asserted, because the two
//! halves are built by two compilers. The `user` feature adds what only the agent needs.
#![no_std]
#[cfg(test)]
extern crate std;

pub mod answer;
pub mod cgroup;
pub mod counter;
pub mod event;
pub mod flow;
pub mod offsets;
pub mod piece;
pub mod preamble;
pub mod process;
pub mod target;
pub mod trie;

/// Lets the agent read and write `$type` in maps and globals.
macro_rules! plain {
    ($type:ty, $size:expr) => {
        const _: () = assert!(size_of::<$type>() == $size);

        #[cfg(feature = "user")]
        // SAFETY: `repr(C)`, integers and integer arrays only, and the asserted size is the sum of the fields, so
        // there is no padding: any bit pattern is a value.
        unsafe impl aya::Pod for $type {}
    };
}
use plain;
