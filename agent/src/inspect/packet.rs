//! IP packets to TCP segments and UDP datagrams.

use std::net::SocketAddr;

use etherparse::{IpNumber, LaxIpSlice, TcpSlice, UdpSlice};

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

/// A UDP datagram, as long as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) data: &'a [u8],
}

/// What a packet has for the layer above.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload<'a> {
    Tcp(Segment<'a>),
    Udp(Datagram<'a>),
}

/// Reads packets, and keeps fragments until the others are there.
#[derive(Default)]
pub(super) struct Packets {
    fragments: Fragments,
}

impl Packets {
    /// Gives what is in `packet`, or in the datagram whose last missing fragment it is, to `take`.
    pub(super) fn read(&mut self, packet: &[u8], seconds: u64, take: impl FnOnce(&Payload<'_>)) {
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
        if let Some(payload) = read(&ip, payload.ip_number, data) {
            take(&payload);
        }
    }
}

fn read<'a>(ip: &LaxIpSlice<'_>, protocol: IpNumber, data: &'a [u8]) -> Option<Payload<'a>> {
    let from = |port| SocketAddr::new(ip.source_addr(), port);
    let to = |port| SocketAddr::new(ip.destination_addr(), port);
    match protocol {
        IpNumber::TCP => {
            let tcp = TcpSlice::from_slice(data).ok()?;
            Some(Payload::Tcp(Segment {
                from: from(tcp.source_port()),
                to: to(tcp.destination_port()),
                sequence: tcp.sequence_number(),
                acknowledges: tcp.ack().then(|| tcp.acknowledgment_number()),
                syn: tcp.syn(),
                ends: tcp.fin() || tcp.rst(),
                data: tcp.payload(),
            }))
        }
        IpNumber::UDP => {
            let udp = UdpSlice::from_slice_lax(data).ok()?;
            Some(Payload::Udp(Datagram {
                from: from(udp.source_port()),
                to: to(udp.destination_port()),
                data: udp.payload(),
            }))
        }
        _ => None,
    }
}
