//! A TCP flow ends: its last counts, from the socket's own statistics.

use aya_ebpf::{
    bindings::{BPF_SOCK_OPS_STATE_CB, BPF_SOCK_OPS_STATE_CB_FLAG, BPF_SOCK_OPS_TCP_CONNECT_CB},
    helpers::bpf_ktime_get_boot_ns,
    macros::sock_ops,
    programs::SockOpsContext,
};
use umbra_agent_common::{
    event::FLOW_CLOSED,
    flow::{STATE_ASKED, STATE_NAMED, SocketState},
};

use crate::{
    blurred::address,
    maps::{FLOWS, offsets, send},
    socket,
    task::KernelPointer,
};

/// States of a TCP socket (`include/net/tcp_states.h`).
const TCP_FIN_WAIT1: u32 = 4;
const TCP_CLOSE: u32 = 7;
const TCP_LAST_ACK: u32 = 9;
/// The peer's FIN came in (`enum sock_flags`, `include/net/sock.h`).
const SOCK_DONE: u64 = 1 << 1;

/// Every TCP socket's milestones.
#[sock_ops]
pub fn umbra_socket(ctx: SockOpsContext) -> u32 {
    match ctx.op() {
        // Only a socket that connects is followed to its end.
        BPF_SOCK_OPS_TCP_CONNECT_CB => {
            let _ = ctx.set_cb_flags((ctx.cb_flags() | BPF_SOCK_OPS_STATE_CB_FLAG) as i32);
        }
        BPF_SOCK_OPS_STATE_CB => state_changed(&ctx),
        _ => {}
    }
    0
}

#[inline(always)]
fn state_changed(ctx: &SockOpsContext) {
    let new = ctx.arg(1);
    if !matches!(new, TCP_FIN_WAIT1 | TCP_CLOSE | TCP_LAST_ACK) {
        return;
    }
    // SAFETY: the kernel hands a valid context.
    let sk = unsafe { (*ctx.ops).__bindgen_anon_2.sk };
    if sk.is_null() {
        return;
    }
    let Some(state) = socket::state(sk) else { return };
    if new != TCP_CLOSE {
        // Also before it is named: what is still queued goes out after the state has changed.
        state.fin_sent = 1;
    } else if matches!(state.state, STATE_NAMED | STATE_ASKED) {
        closed(ctx, KernelPointer(address(sk, &mut state.blurred)), state);
    }
}

#[inline(always)]
fn closed(ctx: &SockOpsContext, sk: KernelPointer, state: &SocketState) {
    let Some(record) = FLOWS.get_ptr_mut(&state.flow) else {
        return;
    };
    let ops = ctx.ops;
    // SAFETY: the kernel hands a valid context; the record stays valid while the program runs (RCU).
    unsafe {
        // SYN and FIN count as a byte each; the FIN is acknowledged when nothing is left to be.
        let fin = u64::from(state.fin_sent != 0 && (*ops).snd_una == (*ops).snd_nxt);
        (*record).bytes_out = (*ops).bytes_acked.saturating_sub(1 + fin);
        let peer_fin = sk
            .read::<u64>(offsets().sock_flags)
            .is_some_and(|flags| flags & SOCK_DONE != 0);
        (*record).bytes_in = (*ops).bytes_received.saturating_sub(u64::from(peer_fin));
        // The kernel keeps the smoothed time in eighths of a microsecond (`tcp_sock.srtt_us`).
        (*record).round_trip_us = (*ops).srtt_us >> 3;
        (*record).last_ns = bpf_ktime_get_boot_ns();
        (*record).closed = 1;
    }
    send(FLOW_CLOSED, state.flow);
}
