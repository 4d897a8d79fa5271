//! The ring buffer's entries: a bell, not a letter. The facts lie in the map `FLOWS` under the socket cookie, so that
//! a full ring buffer delays a flow and does not lose it.

/// The flow got a name of the catalogue, or the agent is asked for one; it is in `FLOWS`.
pub const FLOW_NAMED: u32 = 1;
/// The flow was closed; its last counts are in `FLOWS`, and the agent takes it out.
pub const FLOW_CLOSED: u32 = 2;
/// A datagram socket was closed, and with it all its flows; the cookie is the socket's.
pub const SOCKET_CLOSED: u32 = 3;

/// One entry of the ring buffer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Key in `FLOWS`, or a socket's cookie.
    pub cookie: u64,
    /// [`FLOW_NAMED`], [`FLOW_CLOSED`] or [`SOCKET_CLOSED`].
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
}

crate::plain!(Event, 16);
