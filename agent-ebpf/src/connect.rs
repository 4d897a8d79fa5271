//! A TCP flow is born: `connect` of IPv4 and IPv6, in the context of the process that calls it.
//!
//! Fast open, io_uring and the subflows of multipath TCP come here too: all go through the socket's `pre_connect`.

use aya_ebpf::{
    EbpfContext as _, helpers::bpf_get_current_cgroup_id, macros::cgroup_sock_addr, programs::SockAddrContext,
};
use umbra_agent_common::{counter::Counter, flow::OWNER_AT_CONNECT};

use crate::{maps::count, process, socket};

const SOCK_STREAM: u32 = 1;
const IPPROTO_TCP: u32 = 6;
/// Let the call go on.
const GO_ON: i32 = 1;

/// `connect` of an IPv4 socket.
#[cgroup_sock_addr(connect4)]
pub fn umbra_connect4(ctx: SockAddrContext) -> i32 {
    connect(&ctx)
}

/// `connect` of an IPv6 socket, IPv4-mapped addresses included.
#[cgroup_sock_addr(connect6)]
pub fn umbra_connect6(ctx: SockAddrContext) -> i32 {
    connect(&ctx)
}

#[inline(always)]
fn connect(ctx: &SockAddrContext) -> i32 {
    // SAFETY: the kernel hands a valid context; its fields are read one by one.
    let (kind, protocol, sk) = unsafe {
        let address = ctx.sock_addr;
        (
            (*address).type_,
            (*address).protocol,
            (*address).__bindgen_anon_1.sk,
        )
    };
    if kind == SOCK_STREAM && protocol == IPPROTO_TCP && !sk.is_null() {
        count(Counter::FlowsOpened);
        // SAFETY: the helper has no preconditions.
        let cgroup = unsafe { bpf_get_current_cgroup_id() };
        if socket::open(sk, OWNER_AT_CONNECT, cgroup).is_some() {
            process::connects();
            aya_log_ebpf::trace!(ctx, "flow opened by pid {}", ctx.pid());
        }
    }
    GO_ON
}
