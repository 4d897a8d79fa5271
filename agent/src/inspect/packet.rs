//! IP packets to TCP segments.

use std::net::SocketAddr;

use etherparse::{IpNumber, LaxIpSlice, TcpSlice};

use super::fragments::Fragments;

/// A TCP segment, as long as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    /// The number that it expects next, if it acknowledges anything.
    pub(super) acknowledges: Option<u32>,
    pub(super) syn: bool,
    /// FIN or RST.
    pub(super) ends: bool,
    pub(super) data: &'a [u8],
}

/// Reads packets, and keeps fragments until the others are there.
#[derive(Default)]
pub(super) struct Packets {
    fragments: Fragments,
}

impl Packets {
    /// Gives the segment in `packet`, or in the datagram whose last missing fragment it is, to `take`.
    pub(super) fn read(&mut self, packet: &[u8], seconds: u64, take: impl FnOnce(&Segment<'_>)) {
        let Ok((ip, _)) = LaxIpSlice::from_slice(packet) else {
            return;
        };
        let payload = ip.payload();
        let whole;
        let data = if payload.fragmented {
            let Some(datagram) = self.fragments.take(&ip, seconds) else {
                return;
            };
            whole = datagram;
            &whole
        } else {
            payload.payload
        };
        if payload.ip_number != IpNumber::TCP {
            return;
        }
        let Ok(tcp) = TcpSlice::from_slice(data) else {
            return;
        };
        take(&Segment {
            from: SocketAddr::new(ip.source_addr(), tcp.source_port()),
            to: SocketAddr::new(ip.destination_addr(), tcp.destination_port()),
            sequence: tcp.sequence_number(),
            acknowledges: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            ends: tcp.fin() || tcp.rst(),
            data: tcp.payload(),
        });
    }
}
