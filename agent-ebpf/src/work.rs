//! Room to work in that is too large for the stack.
//!
//! A program may be interrupted on its processor by another one (an answer that comes in, while a process sends), so a
//! workspace is taken and given back.

use core::arch::asm;

use aya_ebpf::{macros::map, maps::PerCpuArray};
use umbra_agent_common::{counter::Counter, flow::FlowRecord};

use crate::{
    blurred::Blurred, catalogue::Search, http::Text, maps::count, packet::Headers, preamble::CHUNK,
    request::Asked,
};

/// One for a process, one for what interrupts it, and two for processes that take turns in between.
const WORKSPACES: u32 = 4;

/// Where a flow's first bytes are read.
pub struct Work {
    /// How many hold it, or are about to find out that they do not.
    holders: u64,
    /// A place in the packet.
    pub at: Blurred,
    /// What is left to do.
    pub left: Blurred,
    /// Where the packet's parts are.
    pub headers: Headers,
    /// Bytes of the [header](crate::envelope) of a SOCKS proxy at the beginning of the payload; 0: there is none.
    pub envelope: Blurred,
    /// What its first bytes ask for.
    pub asked: Asked,
    /// What becomes of it.
    pub record: FlowRecord,
    /// A name on its way through the catalogue.
    pub search: Search,
    /// An address in a DNS answer.
    pub address: [u8; 16],
    /// The beginning of a request.
    pub text: Text,
    /// Part of what a flow says before its content.
    pub chunk: [u8; CHUNK],
    /// How far that goes.
    pub preamble: Blurred,
}

#[map]
static WORK: PerCpuArray<Work> = PerCpuArray::with_max_entries(WORKSPACES, 0);

/// A workspace of this processor, until it is given back.
///
/// Each counts itself in and then looks: whoever finds itself alone has it, and all others count themselves out. So
/// two never have it at once, wherever one came in between.
#[inline(always)]
pub fn take() -> Option<&'static mut Work> {
    for index in 0..WORKSPACES {
        let work = WORK.get_ptr_mut(index)?;
        // SAFETY: this processor's slot, which lives as long as the map. Volatile: others change it.
        unsafe {
            let holders = &raw mut (*work).holders;
            add(holders, 1);
            if holders.read_volatile() == 1 {
                return Some(&mut *work);
            }
            add(holders, -1);
        }
    }
    count(Counter::WorkspacesBusy);
    None
}

/// Gives it back.
#[inline(always)]
pub fn give_back(work: &mut Work) {
    // SAFETY: a valid reference.
    unsafe { add(&raw mut work.holders, -1) }
}

/// Adds in one step (`BPF_STX | BPF_XADD`, in every kernel; an exchange, which gives the old value, came with 5.12).
/// As an instruction, because the target is not known to Rust as one with atomics.
///
/// # Safety
/// `place` is valid and aligned.
#[inline(always)]
unsafe fn add(place: *mut u64, number: i64) {
    // SAFETY: the caller's.
    unsafe {
        asm!("lock *(u64 *)({0} + 0) += {1}", in(reg) place, in(reg) number, options(nostack));
    }
}
