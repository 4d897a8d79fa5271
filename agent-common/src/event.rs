//! The ring buffer's entries: a bell, not a letter. The facts lie in the map `FLOWS` under the socket cookie, so that
//! a full ring buffer delays a flow and does not lose it.

/// The flow got a name of the catalogue; it is in `FLOWS`.
pub const FLOW_NAMED: u32 = 1;
/// The flow was closed; its last counts are in `FLOWS`, and the agent takes it out.
pub const FLOW_CLOSED: u32 = 2;

/// One entry of the ring buffer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Key in `FLOWS`.
    pub cookie: u64,
    /// [`FLOW_NAMED`] or [`FLOW_CLOSED`].
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
}

crate::plain!(Event, 16);
