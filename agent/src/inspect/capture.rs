//! Frames from a capture, in the form pcap or pcapng.

mod interfaces;

use std::io::Read;

use pcap_parser::{PcapError, create_reader};

use super::Damage;
use interfaces::Interfaces;

/// Buffer to begin with, in bytes; no less than an ordinary packet needs.
const BUFFER: usize = 256 * 1024;
/// A block that is longer than this (16 MiB) is damage: libpcap takes no more than 256 KiB a packet.
const LARGEST_BLOCK: usize = 16 << 20;

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
///
/// `source` has to give the file's header at its first read, as files do.
pub(super) fn read<E>(
    source: impl Read + Send,
    mut each: impl FnMut(&Frame<'_>) -> Result<(), E>,
) -> Result<Option<Damage>, E> {
    let mut packets = 0;
    let mut byte = 0;
    let mut size = BUFFER;
    let mut interfaces = Interfaces::default();
    let mut reader = match create_reader(BUFFER, source) {
        Ok(reader) => reader,
        Err(PcapError::ReadError) => return Ok(Some(Damage::Unreadable { packets, byte })),
        Err(_) => return Ok(Some(Damage::NotACapture)),
    };
    loop {
        match reader.next() {
            Ok((length, block)) => {
                match interfaces.frame(&block) {
                    Ok(None) => {}
                    Ok(Some(frame)) => {
                        packets += 1;
                        each(&Frame {
                            number: packets,
                            ..frame
                        })?;
                    }
                    Err(interfaces::Wrong) => return Ok(Some(Damage::Damaged { packets, byte })),
                }
                byte += length as u64;
                reader.consume(length);
                continue;
            }
            Err(PcapError::Eof) => return Ok(None),
            Err(PcapError::UnexpectedEof) => {
                // No damage where a block ends with the file, and the buffer is not used from its beginning.
                let whole = reader.data().is_empty();
                return Ok((!whole).then_some(Damage::Truncated { packets, byte }));
            }
            Err(PcapError::Incomplete(_)) => {}
            Err(PcapError::BufferTooSmall) if size < LARGEST_BLOCK => {
                size *= 2;
                reader.grow(size);
            }
            Err(_) => return Ok(Some(Damage::Damaged { packets, byte })),
        }
        if reader.refill().is_err() {
            return Ok(Some(Damage::Unreadable { packets, byte }));
        }
    }
}
