//! Frames from a capture, in the form pcap or pcapng.

mod blocks;
mod interfaces;

use std::io::Read;

use super::Damage;
use blocks::{Blocks, Broken};
use interfaces::Interfaces;

/// A frame, as long as it was captured.
pub(super) struct Frame<'a> {
    /// `LINKTYPE_` number.
    pub(super) link: i32,
    /// Time of capture, whole seconds of any epoch.
    pub(super) seconds: u64,
    /// Number in the capture, from 1.
    pub(super) number: u64,
    /// From the link layer's header on.
    pub(super) data: &'a [u8],
}

/// Gives each frame in `source` to `each` until that fails, and then what kept it from going on to the end.
pub(super) fn read<E>(
    source: impl Read,
    mut each: impl FnMut(&Frame<'_>) -> Result<(), E>,
) -> Result<Option<Damage>, E> {
    let mut packets = 0;
    let mut byte = 0;
    let mut interfaces = Interfaces::default();
    let mut blocks = Blocks::new(source);
    loop {
        let broken = match blocks.next_block() {
            Ok(Some((length, block))) => match interfaces.frame(&block) {
                Ok(frame) => {
                    if let Some(frame) = frame {
                        packets += 1;
                        each(&Frame {
                            number: packets,
                            ..frame
                        })?;
                    }
                    byte += length as u64;
                    continue;
                }
                Err(interfaces::Wrong) => Broken::Damaged,
            },
            Ok(None) if byte > 0 => return Ok(None),
            Ok(None) => Broken::Truncated,
            Err(broken) => broken,
        };
        return Ok(Some(match broken {
            Broken::Unreadable => Damage::Unreadable { packets, byte },
            // Both forms begin with a block that says which of them it is.
            _ if byte == 0 => Damage::NotACapture,
            Broken::Truncated => Damage::Truncated { packets, byte },
            Broken::Damaged => Damage::Damaged { packets, byte },
        }));
    }
}
