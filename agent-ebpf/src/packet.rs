//! Reads a packet by offset from its IP header. Payload often lies outside the linear part of a buffer, so bytes are
//! copied by the helper instead of read in place.

use core::mem::MaybeUninit;

use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_skb_load_bytes};

use crate::blurred::Blurred;

const TCP: u8 = 6;
/// IPv6 extension headers that may stand before TCP (RFC 8200, section 4.1): hop-by-hop, routing, destination options.
const EXTENSIONS: [u8; 3] = [0, 43, 60];
/// More of them than this in one packet is nothing that a client sends.
const EXTENSIONS_MAX: usize = 4;

/// A packet on its way out.
#[derive(Clone, Copy)]
pub struct Packet(pub *mut __sk_buff);

/// Where a TCP packet's parts are.
pub struct Tcp {
    /// 4 or 6.
    pub family: Blurred,
    /// Offset of the TCP header.
    pub header: Blurred,
    /// Offset of the payload.
    pub payload: Blurred,
    /// Offset behind the payload.
    pub end: Blurred,
}

impl Packet {
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

    /// Finds the parts of a TCP packet; `None` for anything else.
    #[inline(always)]
    pub fn tcp(self, tcp: &mut Tcp) -> Option<()> {
        let first = self.byte(0)?;
        match first >> 4 {
            4 if self.read::<u8>(9)? == TCP => {
                tcp.family.set(4);
                tcp.header.set((first & 15) * 4);
            }
            6 => {
                tcp.family.set(6);
                self.ipv6_header(&mut tcp.header)?;
            }
            _ => return None,
        }
        let header = tcp.header.get();
        tcp.payload.set(header + (self.byte(header + 12)? >> 4) * 4);
        // SAFETY: the kernel hands a valid context. `len` is that of the whole buffer, also before segmentation, when
        // the length in the IP header may be zero (BIG TCP).
        tcp.end.set(unsafe { (*self.0).len });
        Some(())
    }

    /// Sets `offset` to the length of the IPv6 headers before TCP.
    #[inline(always)]
    fn ipv6_header(self, offset: &mut Blurred) -> Option<()> {
        let mut next = self.read::<u8>(6)?;
        offset.set(40);
        for _ in 0..EXTENSIONS_MAX {
            if next == TCP {
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
}
