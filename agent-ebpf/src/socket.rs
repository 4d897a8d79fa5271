//! A flow's state in its socket.

use core::ptr;

use aya_ebpf::{
    bindings::{BPF_SK_STORAGE_GET_F_CREATE, bpf_sock},
    helpers::{
        bpf_get_current_pid_tgid, bpf_get_current_uid_gid, bpf_ktime_get_boot_ns, generated::bpf_sk_storage_get,
    },
};
use umbra_agent_common::{
    counter::Counter,
    flow::{Owner, STATE_NEW, SocketState},
};

use crate::{
    maps::{SOCKETS, count},
    task,
};

/// The map's address, for sockets that do not come in a `bpf_sock_addr`.
#[inline(always)]
fn sockets() -> *mut core::ffi::c_void {
    (&raw const SOCKETS).cast_mut().cast()
}

/// The state of `socket`, if it was seen before.
#[inline(always)]
pub fn state(socket: *mut bpf_sock) -> Option<&'static mut SocketState> {
    // SAFETY: the verifier checks that `socket` is a socket; the storage lives as long as the program runs (RCU).
    unsafe { bpf_sk_storage_get(sockets(), socket.cast(), ptr::null_mut(), 0).cast::<SocketState>().as_mut() }
}

/// Begins to follow `socket` for the running task; what an earlier connection of the socket left is overwritten.
#[inline(always)]
pub fn open(socket: *mut bpf_sock, source: u32, cgroup: u64) -> Option<&'static mut SocketState> {
    let flags = u64::from(BPF_SK_STORAGE_GET_F_CREATE);
    // SAFETY: as in `state`.
    let storage =
        unsafe { bpf_sk_storage_get(sockets(), socket.cast(), ptr::null_mut(), flags).cast::<SocketState>().as_mut() };
    let Some(state) = storage else {
        count(Counter::StorageFailed);
        return None;
    };
    state.owner = owner(source, cgroup);
    // SAFETY: the helper has no preconditions.
    state.opened_ns = unsafe { bpf_ktime_get_boot_ns() };
    state.cookie = 0;
    state.state = STATE_NEW;
    state.fin_sent = 0;
    Some(state)
}

#[inline(always)]
fn owner(source: u32, cgroup: u64) -> Owner {
    let process = task::process_of(task::current()).unwrap_or_default();
    if process.pid == 0 {
        return Owner::default();
    }
    let ids = bpf_get_current_uid_gid();
    Owner { process, thread: bpf_get_current_pid_tgid() as u32, uid: ids as u32, gid: (ids >> 32) as u32, source, cgroup }
}
