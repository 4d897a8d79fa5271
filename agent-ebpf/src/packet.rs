//! Reads a packet by offset from its IP header. Payload often lies outside the linear part of a buffer, so bytes are
//! copied by the helper instead of read in place.

use core::{hint::black_box, mem::MaybeUninit};

use aya_ebpf::{
    bindings::{__sk_buff, bpf_sock},
    helpers::generated::{bpf_sk_fullsock, bpf_skb_load_bytes},
};

use crate::blurred::Blurred;

/// Transport protocols (`include/uapi/linux/in.h`).
pub const TCP: u8 = 6;
/// See [`TCP`].
pub const UDP: u8 = 17;
/// IPv6 extension headers that may stand before them (RFC 8200, section 4.1): hop-by-hop, routing, destination options.
const EXTENSIONS: [u8; 3] = [0, 43, 60];
/// More of them than this in one packet is nothing that a client sends.
const EXTENSIONS_MAX: usize = 4;
/// Bytes of a UDP header (RFC 768).
pub const UDP_HEADER: u32 = 8;

/// A packet on its way.
#[derive(Clone, Copy)]
pub struct Packet(pub *mut __sk_buff);

/// Where a packet's parts are.
pub struct Headers {
    /// 4 or 6.
    pub family: Blurred,
    /// Offset of the header of TCP or UDP.
    pub transport: Blurred,
    /// Offset of the payload.
    pub payload: Blurred,
    /// Offset behind the payload.
    pub end: Blurred,
}

/// The side of a packet that is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl Packet {
    /// The packet's full socket; null when it has none.
    #[inline(always)]
    pub fn socket(self) -> *mut bpf_sock {
        // SAFETY: the kernel hands a valid context; the helper takes the socket that stands in it, once it is not null.
        unsafe {
            let socket = (*self.0).__bindgen_anon_2.sk;
            if socket.is_null() {
                socket
            } else {
                bpf_sk_fullsock(socket)
            }
        }
    }

    /// The bytes at `offset` as a `T`; `None` when the packet ends before.
    #[inline(always)]
    pub fn read<T: Copy>(self, offset: u32) -> Option<T> {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the helper writes exactly `size_of::<T>()` bytes or fails.
        unsafe {
            let failed = bpf_skb_load_bytes(
                self.0.cast(),
                offset,
                value.as_mut_ptr().cast(),
                size_of::<T>() as u32,
            ) != 0;
            if failed { None } else { Some(value.assume_init()) }
        }
    }

    /// One byte.
    #[inline(always)]
    pub fn byte(self, offset: u32) -> Option<u32> {
        self.read::<u8>(offset).map(u32::from)
    }

    /// Two bytes in network order.
    #[inline(always)]
    pub fn short(self, offset: u32) -> Option<u32> {
        self.read::<[u8; 2]>(offset)
            .map(|bytes| u32::from(u16::from_be_bytes(bytes)))
    }

    /// Four bytes in network order.
    #[inline(always)]
    pub fn word(self, offset: u32) -> Option<u32> {
        self.read(offset).map(u32::from_be_bytes)
    }

    /// Bytes of the whole buffer, also before segmentation, when the length in the IP header may be zero (BIG TCP).
    #[inline(always)]
    pub fn length(self) -> u32 {
        // SAFETY: the kernel hands a valid context.
        unsafe { (*self.0).len }
    }

    /// Offset of the header of `protocol`, when nothing but an IP header stands before it; 0 otherwise.
    #[inline(always)]
    pub fn transport(self, protocol: u8) -> u32 {
        match self.byte(0) {
            Some(first) if first >> 4 == 4 => (first & 15) * 4,
            Some(_) if self.read::<u8>(6) == Some(protocol) => 40,
            _ => 0,
        }
    }

    /// Offset of the payload of the TCP packet whose header lies at `transport`, when it has one.
    #[inline(always)]
    pub fn tcp_payload(self, transport: u32) -> Option<u32> {
        let payload = transport + (self.byte(transport + 12)? >> 4) * 4;
        (payload < self.length()).then_some(payload)
    }

    /// Finds the parts of a packet of `protocol`; `None` for any other.
    #[inline(always)]
    pub fn headers(self, protocol: u8, headers: &mut Headers) -> Option<()> {
        let first = self.byte(0)?;
        match first >> 4 {
            4 if self.read::<u8>(9)? == protocol => {
                headers.family.set(4);
                headers.transport.set((first & 15) * 4);
            }
            6 => {
                headers.family.set(6);
                self.ipv6_headers(protocol, &mut headers.transport)?;
            }
            _ => return None,
        }
        let transport = headers.transport.get();
        headers.payload.set(
            transport
                + if protocol == TCP {
                    (self.byte(transport + 12)? >> 4) * 4
                } else {
                    UDP_HEADER
                },
        );
        headers.end.set(self.length());
        Some(())
    }

    /// Sets `offset` to the length of the IPv6 headers before `protocol`.
    #[inline(always)]
    fn ipv6_headers(self, protocol: u8, offset: &mut Blurred) -> Option<()> {
        let mut next = self.read::<u8>(6)?;
        offset.set(40);
        for _ in 0..EXTENSIONS_MAX {
            if next == protocol {
                return Some(());
            }
            if !EXTENSIONS.contains(&next) {
                return None;
            }
            let at = offset.get();
            next = self.read::<u8>(at)?;
            offset.set(at + (self.byte(at + 1)? + 1) * 8);
        }
        None
    }

    /// The address of one side; IPv4 in the first four bytes, zeros behind.
    #[inline(always)]
    pub fn address(self, headers: &Headers, side: Side) -> Option<[u8; 16]> {
        let (at_v4, at_v6) = match side {
            Side::Source => (12, 8),
            Side::Destination => (16, 24),
        };
        if headers.family.get() == 4 {
            let [a, b, c, d] = self.read(at_v4)?;
            Some([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        } else {
            self.read(at_v6)
        }
    }

    /// The port of one side.
    #[inline(always)]
    pub fn port(self, headers: &Headers, side: Side) -> Option<u16> {
        let at = headers.transport.get() + if side == Side::Source { 0 } else { 2 };
        self.read(at).map(u16::from_be_bytes)
    }

    /// The payload's bytes at `offset` in `into`, `length` of them: at least one, at most `LENGTH`, which is a power of
    /// two. `None` when the packet ends before.
    #[inline(always)]
    pub fn load<const LENGTH: usize>(self, offset: u32, into: &mut [u8; LENGTH], length: u32) -> Option<()> {
        // The mask says again what was just checked: older verifiers (6.1) forget a bound when it is spilled.
        // The compiler must not know that it changes nothing.
        let length = (black_box(length).wrapping_sub(1) & (LENGTH as u32 - 1)) + 1;
        // SAFETY: `into` has `LENGTH` bytes, and `length` is no more.
        let failed =
            unsafe { bpf_skb_load_bytes(self.0.cast(), offset, into.as_mut_ptr().cast(), length) != 0 };
        (!failed).then_some(())
    }
}
