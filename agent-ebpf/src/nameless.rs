//! Why no name was read.

/// Why a flow has no name.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Nameless {
    /// Nothing that Umbra reads, or no name in it.
    NoName = 1,
    /// It goes on in a later packet, or is longer than what is read here.
    Split = 2,
    /// Not what the RFC says.
    Malformed = 3,
}
