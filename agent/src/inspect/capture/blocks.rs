//! The blocks of a file, each of them whole: where one ends is read here, what is in it by the library.
//!
//! With the library's own readers it depends on the sizes of reads and buffers, and on what follows a block, whether
//! a file counts as damaged or as truncated.

use std::io::{self, BufReader, Read};

use pcap_parser::{
    PcapBlockOwned, parse_block_be, parse_block_le, parse_pcap_frame, parse_pcap_frame_be,
    parse_pcap_frame_modified, parse_pcap_header,
};

/// Bytes that are read at a time.
const BUFFER: usize = 256 * 1024;
/// A block that says to be longer than this (16 MiB) is damage: libpcap takes no more than 256 KiB a packet.
const LARGEST: usize = 16 << 20;
/// What tells any block's length lies in as many bytes, and no block is shorter.
const HEAD: usize = 12;
/// Of a pcap file.
const FILE_HEADER: usize = 24;
/// Type of the block that begins a section, in either byte order (pcapng, section 4.1).
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// What follows that block's type and length, where numbers are big-endian.
const BIG_ENDIAN: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];

/// Why a block cannot be given.
pub(super) enum Broken {
    /// The source ends within it.
    Truncated,
    /// It breaks the rules of the form.
    Damaged,
    /// The operating system gave an error.
    Unreadable,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Unreadable
    }
}

/// The blocks of a source: of pcap its header and then its packets, of pcapng what is called so there.
pub(super) struct Blocks<R> {
    source: BufReader<R>,
    /// The one at hand.
    block: Vec<u8>,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// Not known before the first block was read.
    Unknown,
    Pcap {
        big_endian: bool,
        /// With eight bytes more in a packet's header, as patched kernels wrote it in the nineties.
        modified: bool,
    },
    PcapNg {
        big_endian: bool,
    },
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(BUFFER, source),
            block: Vec::new(),
            form: Form::Unknown,
        }
    }

    /// The next block, and its length in bytes; `None` where the source ends between two.
    pub(super) fn next_block(&mut self) -> Result<Option<(usize, PcapBlockOwned<'_>)>, Broken> {
        self.block.clear();
        let whole = self.fill(HEAD)?;
        let Some(head) = self.block.first_chunk().filter(|_| whole) else {
            return if self.block.is_empty() {
                Ok(None)
            } else {
                Err(Broken::Truncated)
            };
        };
        let (form, length) = self.form.length(head);
        self.form = form;
        if !(HEAD..=LARGEST).contains(&length) {
            return Err(Broken::Damaged);
        }
        if !self.fill(length)? {
            return Err(Broken::Truncated);
        }
        let block = self.form.parse(&self.block).ok_or(Broken::Damaged)?;
        if let PcapBlockOwned::LegacyHeader(header) = &block {
            self.form = Form::Pcap {
                big_endian: header.is_bigendian(),
                modified: header.is_modified_format(),
            };
        }
        Ok(Some((length, block)))
    }

    /// Makes the block at hand `length` bytes long; false when the source ends before.
    fn fill(&mut self, length: usize) -> io::Result<bool> {
        let missing = (length - self.block.len()) as u64;
        self.source.by_ref().take(missing).read_to_end(&mut self.block)?;
        Ok(self.block.len() == length)
    }
}

impl Form {
    /// The length that a block says to have, in bytes, and the form from there on.
    fn length(self, head: &[u8; HEAD]) -> (Self, usize) {
        let number = |at: usize, big_endian: bool| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            let number = if big_endian {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            };
            number as usize
        };
        match self {
            Self::Unknown | Self::PcapNg { .. } if head.starts_with(&SECTION) => {
                let big_endian = head.ends_with(&BIG_ENDIAN);
                (Self::PcapNg { big_endian }, number(4, big_endian))
            }
            Self::Unknown => (self, FILE_HEADER),
            Self::PcapNg { big_endian } => (self, number(4, big_endian)),
            Self::Pcap { big_endian, modified } => {
                let header = if modified { 24 } else { 16 };
                (self, number(8, big_endian).saturating_add(header))
            }
        }
    }

    /// What is in a block; `None` when it breaks the rules, or says to be longer than it is.
    fn parse(self, block: &[u8]) -> Option<PcapBlockOwned<'_>> {
        let parsed = match self {
            Self::Unknown => parse_pcap_header(block).ok()?.1.into(),
            Self::PcapNg { big_endian: true } => parse_block_be(block).ok()?.1.into(),
            Self::PcapNg { big_endian: false } => parse_block_le(block).ok()?.1.into(),
            Self::Pcap { modified: true, .. } => parse_pcap_frame_modified(block).ok()?.1.into(),
            Self::Pcap { big_endian: true, .. } => parse_pcap_frame_be(block).ok()?.1.into(),
            Self::Pcap { .. } => parse_pcap_frame(block).ok()?.1.into(),
        };
        Some(parsed)
    }
}
