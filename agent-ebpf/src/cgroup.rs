//! Control groups as they are made: later, when a program in one has opened a flow, both may be gone.
//!
//! The raw tracepoint's arguments are those of `TP_PROTO` in `include/trace/events/cgroup.h`, unchanged from 5.10 to 6.18.

use aya_ebpf::{
    helpers::generated::bpf_probe_read_kernel_str,
    macros::{map, raw_tracepoint},
    maps::PerCpuArray,
    programs::RawTracePointContext,
};
use umbra_agent_common::{
    cgroup::{CGROUP_PATH_MAX, CgroupPath},
    counter::Counter,
};

use crate::{
    maps::{CGROUPS, count, offsets},
    task::KernelPointer,
};

/// Number of the hierarchy of v2 (`cgrp_dfl_root`), as in `/proc/PID/cgroup`.
const DEFAULT_HIERARCHY: i32 = 0;

/// Where a path is put together; one a processor. The kernel makes one group at a time, with interrupts off.
#[map]
static CGROUP: PerCpuArray<CgroupPath> = PerCpuArray::with_max_entries(1, 0);

/// `cgroup_mkdir(cgrp, path)`.
#[raw_tracepoint(tracepoint = "cgroup_mkdir")]
pub fn umbra_cgroup(ctx: RawTracePointContext) -> i32 {
    let _ = made(KernelPointer(ctx.arg(0)), ctx.arg(1));
    0
}

#[inline(always)]
fn made(cgroup: KernelPointer, path: u64) -> Option<()> {
    let offsets = offsets();
    let hierarchy = cgroup
        .follow(offsets.cgroup_root)?
        .read::<i32>(offsets.cgroup_root_hierarchy)?;
    if hierarchy != DEFAULT_HIERARCHY {
        return None;
    }
    let id = cgroup.follow(offsets.cgroup_kn)?.read::<u64>(offsets.kernfs_id)?;
    // SAFETY: this processor's slot, see at `CGROUP`.
    let entry = unsafe { &mut *CGROUP.get_ptr_mut(0)? };
    // SAFETY: `path` has `CGROUP_PATH_MAX` bytes; the helper checks the address itself.
    let length = unsafe {
        bpf_probe_read_kernel_str(
            entry.path.as_mut_ptr().cast(),
            CGROUP_PATH_MAX as u32,
            path as *const _,
        )
    };
    // A path that fills the room may be longer.
    if length <= 0 || length >= CGROUP_PATH_MAX as i64 {
        return None;
    }
    entry.length = length as u32;
    if CGROUPS.insert(&id, &*entry, 0).is_err() {
        count(Counter::CgroupsLost);
    }
    Some(())
}
