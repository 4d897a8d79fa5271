//! What the kernel could not read itself, as a stream of pieces.

use std::{
    io,
    mem::{offset_of, size_of},
};

use aya::maps::{Map, MapData, RingBuf};
use tokio::io::unix::AsyncFd;
use umbra_agent_common::{piece::PieceHeader, process::ProcessKey};

use super::{ProbeError, map_error, readiness::watch};

/// Bytes of what follows in a flow that the kernel handed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is a piece of.
    pub header: PieceHeader,
    /// As many bytes as the header says.
    pub bytes: Vec<u8>,
}

/// The ring buffer `PIECES`.
pub struct Pieces {
    ring: AsyncFd<RingBuf<MapData>>,
}

impl Pieces {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        let ring = RingBuf::try_from(map).map_err(map_error("PIECES"))?;
        let ring = watch(ring).map_err(ProbeError::Bell)?;
        Ok(Self { ring })
    }

    /// Waits until there are pieces.
    pub async fn ready(&mut self) -> io::Result<()> {
        self.ring.readable_mut().await?.clear_ready();
        Ok(())
    }

    /// The next piece, if there is one.
    pub fn take(&mut self) -> Option<Piece> {
        loop {
            let entry = self.ring.get_mut().next()?;
            if let Some(piece) = parse(&entry) {
                return Some(piece);
            }
        }
    }
}

/// An entry's bytes in the machine's order; `None` for one that is shorter than it says.
fn parse(entry: &[u8]) -> Option<Piece> {
    let (header, bytes) = entry.split_at_checked(size_of::<PieceHeader>())?;
    let eight = |at: usize| Some(u64::from_ne_bytes(*header.get(at..)?.first_chunk()?));
    let four = |at: usize| Some(u32::from_ne_bytes(*header.get(at..)?.first_chunk()?));
    let two = |at: usize| Some(u16::from_ne_bytes(*header.get(at..)?.first_chunk()?));
    let process = offset_of!(PieceHeader, process);
    let header = PieceHeader {
        flow: eight(offset_of!(PieceHeader, flow))?,
        time_ns: eight(offset_of!(PieceHeader, time_ns))?,
        process: ProcessKey {
            started_ns: eight(process + offset_of!(ProcessKey, started_ns))?,
            pid: four(process + offset_of!(ProcessKey, pid))?,
            reserved: 0,
        },
        sequence: four(offset_of!(PieceHeader, sequence))?,
        length: four(offset_of!(PieceHeader, length))?,
        kind: two(offset_of!(PieceHeader, kind))?,
        segment: two(offset_of!(PieceHeader, segment))?,
        first: four(offset_of!(PieceHeader, first))?,
    };
    let bytes = bytes.get(..header.length as usize)?.to_vec();
    Some(Piece { header, bytes })
}

#[cfg(test)]
mod tests;
