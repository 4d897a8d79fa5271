//! A flow's state in its socket.

use core::ptr;

use aya_ebpf::{
    bindings::{BPF_SK_STORAGE_GET_F_CREATE, bpf_sock},
    helpers::{bpf_ktime_get_boot_ns, generated::bpf_sk_storage_get},
};
use umbra_agent_common::{
    counter::Counter,
    flow::{Owner, READING_SERVER, READING_START, STATE_NEW, STATE_PASSED, SocketState, VIA_NONE},
    process::ImageKey,
};

use crate::{
    maps::{PROCESSES, SOCKETS, count, offsets},
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
    unsafe {
        bpf_sk_storage_get(sockets(), socket.cast(), ptr::null_mut(), 0)
            .cast::<SocketState>()
            .as_mut()
    }
}

/// Begins to follow `socket` for the running task; what an earlier connection of the socket left is overwritten.
#[inline(always)]
pub fn open(socket: *mut bpf_sock, source: u32, cgroup: u64) -> Option<&'static mut SocketState> {
    let flags = u64::from(BPF_SK_STORAGE_GET_F_CREATE);
    // SAFETY: as in `state`.
    let storage = unsafe {
        bpf_sk_storage_get(sockets(), socket.cast(), ptr::null_mut(), flags)
            .cast::<SocketState>()
            .as_mut()
    };
    let Some(state) = storage else {
        count(Counter::StorageFailed);
        return None;
    };
    state.owner = owner(source, cgroup);
    // SAFETY: the helper has no preconditions.
    state.opened_ns = unsafe { bpf_ktime_get_boot_ns() };
    state.flow = 0;
    state.state = STATE_NEW;
    state.sequence = 0;
    state.target = 0;
    state.repeats = 0;
    state.pieces = 0;
    state.fin_sent = 0;
    state.reading = READING_START;
    state.via = VIA_NONE;
    state.hops = 0;
    Some(state)
}

/// Marks a datagram socket whose peer said hello first: nothing that it sends is looked at.
#[inline(always)]
pub fn pass_server(socket: *mut bpf_sock) {
    let flags = u64::from(BPF_SK_STORAGE_GET_F_CREATE);
    // SAFETY: as in `state`.
    let storage = unsafe {
        bpf_sk_storage_get(sockets(), socket.cast(), ptr::null_mut(), flags)
            .cast::<SocketState>()
            .as_mut()
    };
    if let Some(state) = storage {
        state.state = STATE_PASSED;
        state.reading = READING_SERVER;
    }
}

/// The running task's process and user; nobody, when the kernel lacks what tells them.
#[inline(always)]
pub fn owner(source: u32, cgroup: u64) -> Owner {
    identify(source, cgroup).unwrap_or_default()
}

#[inline(always)]
fn identify(source: u32, cgroup: u64) -> Option<Owner> {
    let current = task::current();
    let process = task::process_of(current)?;
    let (uid, gid) = task::user_and_group(current)?;
    let thread = current.read(offsets().task_pid)?;
    let mut image = ImageKey::default();
    if let Some(known) = PROCESSES.get_ptr_mut(&process) {
        // SAFETY: the entry stays valid while the program runs (RCU).
        unsafe {
            image = (*known).image;
            (*known).flows += 1;
        }
    }
    // Process 0 is the idle task: an interrupt on nobody's behalf.
    (process.pid != 0).then_some(Owner {
        process,
        image,
        thread,
        uid,
        gid,
        source,
        cgroup,
    })
}
