//! Reads fields of kernel structs at the offsets that the agent found in the kernel's BTF.

use aya_ebpf::helpers::{bpf_get_current_task, bpf_probe_read_kernel};
use umbra_agent_common::{
    offsets::ABSENT,
    process::{Namespaces, ProcessKey},
};

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

/// Id of the control group (v2) that the running task is in; 0: not known. For programs that may not call
/// `bpf_get_current_cgroup_id`. A socket's own (`bpf_sk_cgroup_id`) is that of whoever made the socket.
#[inline(always)]
pub fn cgroup() -> u64 {
    cgroup_of(current()).unwrap_or(0)
}

#[inline(always)]
fn cgroup_of(task: KernelPointer) -> Option<u64> {
    let offsets = offsets();
    let groups = task.follow(offsets.task_cgroups)?;
    let directory = groups
        .follow(offsets.css_set_default)?
        .follow(offsets.cgroup_kn)?;
    directory.read(offsets.kernfs_id)
}

/// Writes down where a task is.
#[inline(always)]
pub fn namespaces(task: KernelPointer, place: &mut Namespaces) {
    let offsets = offsets();
    place.pid = number(pid_namespace(task), offsets.pid_namespace_ns);
    let proxy = task.follow(offsets.task_nsproxy);
    let of_proxy = |offset| proxy.and_then(|proxy| proxy.follow(offset));
    place.net = number(of_proxy(offsets.nsproxy_net_ns), offsets.net_ns);
    place.mnt = number(of_proxy(offsets.nsproxy_mnt_ns), offsets.mnt_namespace_ns);
    let cred = task.follow(offsets.task_cred);
    let user = cred.and_then(|cred| cred.follow(offsets.cred_user_ns));
    place.user = number(user, offsets.user_namespace_ns);
}

/// Device number of a task's controlling terminal, as `tty_devnum` makes it (`drivers/tty/tty_io.c`).
#[inline(always)]
pub fn terminal(task: KernelPointer) -> Option<u32> {
    let offsets = offsets();
    let terminal = task.follow(offsets.task_signal)?.follow(offsets.signal_tty)?;
    let driver = terminal.follow(offsets.tty_driver)?;
    let major = driver.read::<u32>(offsets.tty_driver_major)?;
    let minor = driver.read::<u32>(offsets.tty_driver_minor)? + terminal.read::<u32>(offsets.tty_index)?;
    Some(major << 20 | minor & 0xf_ffff)
}

/// Inode number of a namespace, whose `struct ns_common` is at `common`; 0: not known.
#[inline(always)]
fn number(namespace: Option<KernelPointer>, common: u32) -> u32 {
    if common == ABSENT {
        return 0;
    }
    namespace
        .and_then(|namespace| KernelPointer(namespace.0 + u64::from(common)).read(offsets().ns_common_inum))
        .unwrap_or(0)
}

/// The one that a task is in itself; `nsproxy` only knows the one that its children will be in.
#[inline(always)]
fn pid_namespace(task: KernelPointer) -> Option<KernelPointer> {
    let offsets = offsets();
    if offsets.pid_numbers == ABSENT || offsets.upid_ns == ABSENT {
        return None;
    }
    let pid = task.follow(offsets.task_thread_pid)?;
    let level = u64::from(pid.read::<u32>(offsets.pid_level)?);
    // `ns` is the last member of `struct upid`, and a pointer.
    let size = u64::from(offsets.upid_ns) + 8;
    KernelPointer(pid.0 + u64::from(offsets.pid_numbers) + level * size).follow(offsets.upid_ns)
}
