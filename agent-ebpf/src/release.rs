//! A datagram socket is closed, and with it the flows that went through it. (TCP tells its ends by itself.)

use aya_ebpf::{helpers::generated::bpf_get_socket_cookie, macros::cgroup_sock, programs::SockContext};
use umbra_agent_common::{
    event::SOCKET_CLOSED,
    flow::{STATE_ASKED, STATE_NAMED},
};

use crate::{maps::send, packet::UDP, socket};

/// Let it be closed; the kernel does not look at it.
const GO_ON: i32 = 1;

/// A socket's end.
#[cgroup_sock(sock_release)]
pub fn umbra_release(ctx: SockContext) -> i32 {
    // SAFETY: the kernel hands a valid context.
    if unsafe { (*ctx.sock).protocol } == u32::from(UDP)
        && let Some(state) = socket::state(ctx.sock)
        && matches!(state.state, STATE_NAMED | STATE_ASKED)
    {
        // SAFETY: as above.
        send(SOCKET_CLOSED, unsafe { bpf_get_socket_cookie(ctx.sock.cast()) });
    }
    GO_ON
}
