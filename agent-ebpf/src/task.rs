//! Reads fields of kernel structs at the offsets that the agent found in the kernel's BTF.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel};
use umbra_agent_common::{offsets::ABSENT, process::ProcessKey};

use crate::maps::offsets;

/// A pointer into kernel memory that only `bpf_probe_read_kernel` may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KernelPointer(pub u64);

impl KernelPointer {
    /// The value at `offset`; `None` when the field is absent, the pointer null or the memory unreadable.
    #[inline(always)]
    pub fn read<T: Copy>(self, offset: u32) -> Option<T> {
        if self.0 == 0 || offset == ABSENT {
            return None;
        }
        // SAFETY: the helper checks the address itself and fails on a bad one.
        unsafe { bpf_probe_read_kernel((self.0 + u64::from(offset)) as *const T) }.ok()
    }

    /// The pointer at `offset`.
    #[inline(always)]
    pub fn follow(self, offset: u32) -> Option<Self> {
        self.read::<u64>(offset).filter(|address| *address != 0).map(Self)
    }
}

/// The running task.
#[inline(always)]
pub fn current() -> KernelPointer {
    // SAFETY: the helper has no preconditions.
    KernelPointer(unsafe { bpf_get_current_task() })
}

/// The process that a task belongs to.
#[inline(always)]
pub fn process_of(task: KernelPointer) -> Option<ProcessKey> {
    let offsets = offsets();
    let pid = task.read::<u32>(offsets.task_tgid)?;
    let leader = task.follow(offsets.task_group_leader)?;
    let started_ns = leader.read::<u64>(offsets.task_start_boottime)?;
    Some(ProcessKey {
        started_ns,
        pid,
        reserved: 0,
    })
}

/// Real user and group id of a task, in the first user namespace.
///
/// Not by `bpf_get_current_uid_gid`: programs of `cgroup_skb` may not call that everywhere (6.1 refuses it).
#[inline(always)]
pub fn user_and_group(task: KernelPointer) -> Option<(u32, u32)> {
    let offsets = offsets();
    let cred = task.follow(offsets.task_cred)?;
    Some((cred.read(offsets.cred_uid)?, cred.read(offsets.cred_gid)?))
}
