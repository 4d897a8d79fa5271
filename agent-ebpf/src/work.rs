//! Room to work in that is too large for the stack.
//!
//! A program may be interrupted on its processor by another one (an answer that comes in, while a process sends), so a
//! workspace is taken and given back. Between the look and the taking nothing can come but an interruption that ends
//! before it goes on, so the two need not be one.

use aya_ebpf::{macros::map, maps::PerCpuArray};
use umbra_agent_common::{counter::Counter, flow::FlowRecord};

use crate::{blurred::Blurred, catalogue::Search, http::Text, maps::count, packet::Headers, request::Asked};

/// One for a process, one for what interrupts it, and two for processes that take turns in between.
const WORKSPACES: u32 = 4;

/// Where a flow's first bytes are read.
pub struct Work {
    taken: u32,
    /// A place in the packet.
    pub at: Blurred,
    /// What is left to do.
    pub left: Blurred,
    /// Where the packet's parts are.
    pub headers: Headers,
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
}

#[map]
static WORK: PerCpuArray<Work> = PerCpuArray::with_max_entries(WORKSPACES, 0);

/// A workspace of this processor, until it is given back.
#[inline(always)]
pub fn take() -> Option<&'static mut Work> {
    for index in 0..WORKSPACES {
        let work = WORK.get_ptr_mut(index)?;
        // SAFETY: this processor's slot; volatile, because whoever interrupts this program looks at it.
        unsafe {
            if (&raw const (*work).taken).read_volatile() == 0 {
                (&raw mut (*work).taken).write_volatile(1);
                return Some(&mut *work);
            }
        }
    }
    count(Counter::WorkspacesBusy);
    None
}

/// Gives it back.
#[inline(always)]
pub fn give_back(work: &mut Work) {
    // SAFETY: a valid reference; volatile as in `take`.
    unsafe { (&raw mut work.taken).write_volatile(0) }
}
