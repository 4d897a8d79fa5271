//! Every packet that leaves or reaches a socket, by its transport.
//!
//! The hook on the way out sits before segmentation, so a hello written in one piece is whole in one buffer. After a
//! flow is named or passed over, a packet of it costs one socket-storage look-up; a catalogue flow's packet also keeps
//! its counts.

use aya_ebpf::{macros::cgroup_skb, programs::SkBuffContext};

use crate::{
    answers, datagram,
    packet::{Packet, TCP, UDP},
    stream,
};

/// Let the packet go on.
pub const GO_ON: i32 = 1;
const IPPROTO_TCP: u32 = TCP as u32;
const IPPROTO_UDP: u32 = UDP as u32;

/// Every packet that leaves a socket.
#[cgroup_skb(egress)]
pub fn umbra_egress(ctx: SkBuffContext) -> i32 {
    let packet = Packet(ctx.skb.skb);
    let socket = packet.socket();
    if !socket.is_null() {
        // SAFETY: a full socket.
        match unsafe { (*socket).protocol } {
            IPPROTO_TCP => stream::egress(&ctx, packet, socket),
            IPPROTO_UDP => datagram::egress(packet, socket),
            _ => {}
        }
    }
    GO_ON
}

/// Every packet that reaches a socket: DNS answers, and the bytes of QUIC connections, which no socket counts.
#[cgroup_skb(ingress)]
pub fn umbra_ingress(ctx: SkBuffContext) -> i32 {
    let packet = Packet(ctx.skb.skb);
    let socket = packet.socket();
    if !socket.is_null() {
        // SAFETY: a full socket.
        match unsafe { (*socket).protocol } {
            // SAFETY: as above. TCP has counts of its own; only what a DNS server says is of interest.
            IPPROTO_TCP if unsafe { u16::from_be((*socket).dst_port as u16) } == answers::DNS => {
                answers::from_stream(packet, socket);
            }
            IPPROTO_UDP => datagram::ingress(packet, socket),
            _ => {}
        }
    }
    GO_ON
}
