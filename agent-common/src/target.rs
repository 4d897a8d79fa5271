//! What a proxy was asked for by `CONNECT`, as a number, by which kernel and agent tell that the same is asked for again.

/// Sum of no bytes (FNV-1a, 32 bits).
pub const BEGIN: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// The sum of a target's bytes with one byte more.
#[inline]
#[must_use]
pub const fn add(sum: u32, byte: u8) -> u32 {
    (sum ^ byte as u32).wrapping_mul(PRIME)
}

/// The number of the target whose bytes have this sum; never 0, which is none.
#[inline]
#[must_use]
pub const fn number(sum: u32) -> u32 {
    sum | 1
}
