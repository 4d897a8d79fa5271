//! Waits for ring buffers: the agent's one unsafe line.
#![allow(
    unsafe_code,
    reason = "tokio cannot check that a type keeps its file descriptor, and asks for a promise"
)]

use std::{io, os::fd::AsRawFd};

use aya::maps::{MapData, RingBuf};
use aya_log::EbpfLogger;
use log::Log;
use tokio::io::unix::AsyncFd;

/// What may be waited for. Implemented only for types that own their descriptor, always give the same one, and close it
/// only when dropped.
pub(super) trait OwnsDescriptor: AsRawFd {}

impl OwnsDescriptor for RingBuf<MapData> {}
impl OwnsDescriptor for EbpfLogger<&'static dyn Log> {}

/// Registers `inner` with the running runtime.
pub(super) fn watch<T: OwnsDescriptor>(inner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: `OwnsDescriptor` is implemented above alone, for types whose descriptor stays open and the same.
    unsafe { AsyncFd::register(inner) }.map_err(|error| error.into_parts().1)
}
