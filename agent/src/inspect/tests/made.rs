//! Captures, made here.

use etherparse::{
    IpFragOffset, IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, Ipv6FragmentHeader, PacketBuilder,
};

/// `LINKTYPE_RAW`: packets without a link layer.
pub(super) const RAW: u16 = 101;
pub(super) const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
pub(super) const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 443);
/// Sequence number of the client's SYN, near the end of the numbers.
pub(super) const SYN: u32 = u32::MAX - 100;

/// An IPv4 packet with a segment of the client.
pub(super) fn data(sequence: u32, data: &[u8]) -> Vec<u8> {
    let step = PacketBuilder::ipv4(CLIENT.0, SERVER.0, 64).tcp(CLIENT.1, SERVER.1, sequence, 1000);
    write(|packet| step.ack(9).write(packet, data).unwrap())
}

/// The client's data from byte `at` of its stream on.
pub(super) fn at(at: usize, bytes: &[u8]) -> Vec<u8> {
    let at = u32::try_from(at).unwrap();
    data(SYN.wrapping_add(1).wrapping_add(at), bytes)
}

/// The server's data from byte `at` of its stream on.
pub(super) fn answer(at: usize, bytes: &[u8]) -> Vec<u8> {
    let sequence = 8 + u32::try_from(at).unwrap();
    let step = PacketBuilder::ipv4(SERVER.0, CLIENT.0, 64).tcp(SERVER.1, CLIENT.1, sequence, 1000);
    write(|packet| step.ack(9).write(packet, bytes).unwrap())
}

/// A connection: its handshake, and what is said on it by turns, the client first.
pub(super) fn conversation(turns: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut packets = vec![syn(SYN), syn_ack(SYN)];
    let mut said = [0, 0];
    for (turn, bytes) in turns.iter().enumerate() {
        let begin = said[turn % 2];
        packets.push(if turn % 2 == 0 {
            at(begin, bytes)
        } else {
            answer(begin, bytes)
        });
        said[turn % 2] += bytes.len();
    }
    packets
}

pub(super) fn syn(sequence: u32) -> Vec<u8> {
    let step = PacketBuilder::ipv4(CLIENT.0, SERVER.0, 64).tcp(CLIENT.1, SERVER.1, sequence, 1000);
    write(|packet| step.syn().write(packet, &[]).unwrap())
}

/// The server's answer to `syn`.
pub(super) fn syn_ack(sequence: u32) -> Vec<u8> {
    let step = PacketBuilder::ipv4(SERVER.0, CLIENT.0, 64).tcp(SERVER.1, CLIENT.1, 7, 1000);
    let step = step.syn().ack(sequence.wrapping_add(1));
    write(|packet| step.write(packet, &[]).unwrap())
}

/// An IPv4 packet with a UDP datagram.
pub(super) fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), bytes: &[u8]) -> Vec<u8> {
    let step = PacketBuilder::ipv4(from.0, to.0, 64).udp(from.1, to.1);
    write(|packet| step.write(packet, bytes).unwrap())
}

/// An IPv6 packet with a UDP datagram from `[::1]:1` to `[::2]:2`.
pub(super) fn udp_ipv6(bytes: &[u8]) -> Vec<u8> {
    let address = |last| u128::to_be_bytes(last);
    let step = PacketBuilder::ipv6(address(1), address(2), 64).udp(1, 2);
    write(|packet| step.write(packet, bytes).unwrap())
}

/// An IPv6 packet with a segment of the client `[::1]:1` to `[::2]:2`.
pub(super) fn ipv6(bytes: &[u8]) -> Vec<u8> {
    let mut to = [0; 16];
    to[15] = 2;
    let mut from = [0; 16];
    from[15] = 1;
    let step = PacketBuilder::ipv6(from, to, 64).tcp(1, 2, 5, 1000);
    write(|packet| step.write(packet, bytes).unwrap())
}

/// An IPv4 packet in fragments of `length` bytes, a multiple of 8.
pub(super) fn fragments_ipv4(packet: &[u8], length: usize) -> Vec<Vec<u8>> {
    let (whole, payload) = Ipv4Header::from_slice(packet).unwrap();
    let pieces = payload.chunks(length).enumerate();
    pieces
        .map(|(number, piece)| {
            let mut header = whole.clone();
            header.identification = 77;
            header.dont_fragment = false;
            header.more_fragments = (number + 1) * length < payload.len();
            header.fragment_offset = offset(number * length);
            header.set_payload_len(piece.len()).unwrap();
            let extensions = Ipv4Extensions::default();
            write(|fragment| IpHeaders::Ipv4(header, extensions).write(fragment).unwrap())
                .into_iter()
                .chain(piece.iter().copied())
                .collect()
        })
        .collect()
}

/// An IPv6 packet in fragments of `length` bytes, a multiple of 8.
pub(super) fn fragments_ipv6(packet: &[u8], length: usize) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(40);
    let protocol = IpNumber(header[6]);
    let pieces = payload.chunks(length).enumerate();
    pieces
        .map(|(number, piece)| {
            let more = (number + 1) * length < payload.len();
            let fragment = Ipv6FragmentHeader::new(protocol, offset(number * length), more, 77);
            let mut header = header.to_vec();
            header[4..6].copy_from_slice(&u16::try_from(piece.len() + 8).unwrap().to_be_bytes());
            header[6] = IpNumber::IPV6_FRAGMENTATION_HEADER.0;
            [&header[..], &fragment.to_bytes(), piece].concat()
        })
        .collect()
}

/// A pcap file; `number` writes the fields in one of the two orders.
pub(super) fn pcap_with(magic: u32, number: fn(u32) -> [u8; 4], link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let version = if number(1)[0] == 1 {
        [2, 0, 4, 0]
    } else {
        [0, 2, 0, 4]
    };
    let mut file = [
        number(magic),
        version,
        [0; 4],
        [0; 4],
        number(65_535),
        number(link.into()),
    ]
    .concat();
    for frame in frames {
        let length = number(u32::try_from(frame.len()).unwrap());
        file.extend_from_slice(&[number(1), number(2), length, length].concat());
        file.extend_from_slice(frame);
    }
    file
}

/// The usual pcap file.
pub(super) fn pcap(link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    pcap_with(0xa1b2_c3d4, u32::to_le_bytes, link, frames)
}

/// Blocks of a pcapng file, in one of the two orders of bytes.
#[derive(Clone, Copy)]
pub(super) struct Ng(pub(super) fn(u32) -> [u8; 4]);

impl Ng {
    pub(super) fn section(self) -> Vec<u8> {
        let version = if self.0(1)[0] == 1 {
            [1, 0, 0, 0]
        } else {
            [0, 1, 0, 0]
        };
        self.block(
            0x0a0d_0d0a,
            &[self.0(0x1a2b_3c4d), version, [0xff; 4], [0xff; 4]].concat(),
        )
    }

    pub(super) fn interface(self, link: u16) -> Vec<u8> {
        self.block(1, &[self.shorts(link, 0), self.0(0)].concat())
    }

    pub(super) fn enhanced(self, interface: u32, frame: &[u8]) -> Vec<u8> {
        let length = self.length(frame);
        let header = [self.0(interface), self.0(1), self.0(2), length, length].concat();
        self.block(6, &[&header[..], frame].concat())
    }

    pub(super) fn simple(self, frame: &[u8]) -> Vec<u8> {
        self.block(3, &[&self.length(frame)[..], frame].concat())
    }

    pub(super) fn obsolete(self, interface: u16, frame: &[u8]) -> Vec<u8> {
        let length = self.length(frame);
        let header = [self.shorts(interface, 3), self.0(1), self.0(2), length, length].concat();
        self.block(2, &[&header[..], frame].concat())
    }

    pub(super) fn block(self, kind: u32, content: &[u8]) -> Vec<u8> {
        let padding = &[0; 3][..content.len().wrapping_neg() % 4];
        let length = self.0(u32::try_from(content.len() + padding.len() + 12).unwrap());
        [&self.0(kind)[..], &length, content, padding, &length].concat()
    }

    fn length(self, frame: &[u8]) -> [u8; 4] {
        self.0(u32::try_from(frame.len()).unwrap())
    }

    /// Two fields of two bytes.
    fn shorts(self, first: u16, second: u16) -> [u8; 4] {
        let [.., a, b] = first.to_be_bytes();
        let [.., c, d] = second.to_be_bytes();
        if self.0(1)[0] == 1 {
            [b, a, d, c]
        } else {
            [a, b, c, d]
        }
    }
}

fn offset(bytes: usize) -> IpFragOffset {
    IpFragOffset::try_new(u16::try_from(bytes / 8).unwrap()).unwrap()
}

fn write(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut packet = Vec::new();
    write(&mut packet);
    packet
}
