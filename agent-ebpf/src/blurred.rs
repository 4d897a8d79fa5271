//! A number in map memory.
//!
//! The verifier follows every path and every value that a register can have on it; a loop whose turns differ in a
//! length costs it one walk a length. Of what lies in map memory it knows nothing, so a number that goes through it
//! makes the paths alike again, and it stops at the first that it has seen.

/// A number whose value the verifier forgets.
#[repr(transparent)]
pub struct Blurred(u32);

impl Blurred {
    /// The number.
    #[inline(always)]
    pub fn get(&self) -> u32 {
        // SAFETY: a valid reference; volatile, so that the compiler does not keep the number in a register.
        unsafe { (&raw const self.0).read_volatile() }
    }

    /// Replaces the number.
    #[inline(always)]
    pub fn set(&mut self, number: u32) {
        // SAFETY: as in `get`.
        unsafe { (&raw mut self.0).write_volatile(number) }
    }
}
