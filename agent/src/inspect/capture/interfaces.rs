//! What the blocks of a capture say of the frames in it.

use pcap_parser::{
    Block, InterfaceDescriptionBlock, PcapBlockOwned, UnknownBlock, traits::PcapNGPacketBlock as _,
};

use super::Frame;

/// Type of the obsolete Packet Block (pcapng, appendix A), which the library does not know.
const PACKET_BLOCK: u32 = 2;
/// Fields of it before the data: interface and drops (2 bytes each), time (8), captured and original length.
const PACKET_BLOCK_HEADER: usize = 20;
/// Interfaces of a section at most; a packet block can number no more.
const MOST_INTERFACES: usize = 1 << 16;

/// A block that contradicts what was before it.
pub(super) struct Wrong;

/// The interfaces of the section at hand. A pcap file has one.
#[derive(Default)]
pub(super) struct Interfaces {
    known: Vec<Interface>,
    /// Time of the last frame that had one.
    seconds: u64,
}

struct Interface {
    link: i32,
    ticks_per_second: u64,
    /// Frames are cut at this length; 0 for no limit.
    longest: usize,
}

impl Interfaces {
    /// The frame in `block`, without its number, when there is one.
    pub(super) fn frame<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Result<Option<Frame<'a>>, Wrong> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.known = vec![Interface {
                    // The upper bits tell of a frame check sequence, which does no harm at a frame's end.
                    link: header.network.0 & 0xffff,
                    ticks_per_second: 1,
                    longest: 0,
                }];
                Ok(None)
            }
            PcapBlockOwned::Legacy(packet) => self.of(0, packet.ts_sec.into(), packet.data),
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.known.clear();
                Ok(None)
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => self.add(interface),
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                self.of(packet.if_id as usize, ticks, packet.packet_data())
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let (ticks, longest) = self
                    .known
                    .first()
                    .map(|first| (self.seconds.saturating_mul(first.ticks_per_second), first.longest))
                    .unwrap_or_default();
                let data = packet.packet_data();
                let longest = if longest == 0 { data.len() } else { longest };
                self.of(0, ticks, &data[..longest.min(data.len())])
            }
            PcapBlockOwned::NG(Block::Unknown(block)) => self.packet_block(block),
            PcapBlockOwned::NG(_) => Ok(None),
        }
    }

    fn add(&mut self, interface: &InterfaceDescriptionBlock<'_>) -> Result<Option<Frame<'static>>, Wrong> {
        if self.known.len() == MOST_INTERFACES {
            return Err(Wrong);
        }
        self.known.push(Interface {
            link: interface.linktype.0,
            ticks_per_second: ticks_per_second(interface.if_tsresol),
            longest: interface.snaplen as usize,
        });
        Ok(None)
    }

    fn packet_block<'a>(&mut self, block: &UnknownBlock<'a>) -> Result<Option<Frame<'a>>, Wrong> {
        // The library reads the type as little-endian, whatever the section is.
        let big_endian = match block.block_type {
            PACKET_BLOCK => false,
            kind if kind.swap_bytes() == PACKET_BLOCK => true,
            _ => return Ok(None),
        };
        let (header, data) = block
            .data
            .split_first_chunk::<PACKET_BLOCK_HEADER>()
            .ok_or(Wrong)?;
        let field = |at: usize| {
            let bytes = [header[at], header[at + 1], header[at + 2], header[at + 3]];
            if big_endian {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            }
        };
        // Interface and drops share four bytes.
        let interface = if big_endian {
            field(0) >> 16
        } else {
            field(0) & 0xffff
        };
        let data = data.get(..field(12) as usize).ok_or(Wrong)?;
        let ticks = u64::from(field(4)) << 32 | u64::from(field(8));
        self.of(interface as usize, ticks, data)
    }

    fn of<'a>(&mut self, interface: usize, ticks: u64, data: &'a [u8]) -> Result<Option<Frame<'a>>, Wrong> {
        let interface = self.known.get(interface).ok_or(Wrong)?;
        self.seconds = ticks / interface.ticks_per_second;
        Ok(Some(Frame {
            link: interface.link,
            seconds: self.seconds,
            number: 0,
            data,
        }))
    }
}

/// Of `if_tsresol`: a power of ten, or of two when the highest bit is set. Never 0.
fn ticks_per_second(resolution: u8) -> u64 {
    let (base, power) = if resolution & 0x80 == 0 {
        (10_u64, resolution)
    } else {
        (2, resolution & 0x7f)
    };
    base.checked_pow(power.into()).unwrap_or(u64::MAX)
}
