//! The path of a file, walked up from its directory entry to the root of the mount namespace.

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;
use umbra_agent_common::process::PATH_MAX;

use crate::{maps::offsets, task::KernelPointer};

/// Deeper paths are cut at their beginning.
const DEPTH_MAX: usize = 64;
/// Longest name of a file (`include/uapi/linux/limits.h`).
const NAME_MAX: u32 = 255;

/// Where a path begins in its buffer, and whether its beginning is missing.
pub struct Walked {
    pub start: u32,
    pub cut: bool,
}

/// Writes the path at `path` (a `struct path`) to the end of `buffer`.
#[inline(never)]
pub fn walk(path: u64, buffer: *mut [u8; PATH_MAX]) -> u64 {
    let mut start = PATH_MAX as u32;
    let whole = climb(KernelPointer(path), buffer, &mut start).is_some();
    u64::from(start) | u64::from(!whole) << 32
}

impl Walked {
    /// A subprogram returns one number.
    #[inline(always)]
    pub fn from_number(number: u64) -> Self {
        let start = number as u32;
        Self { start, cut: start < PATH_MAX as u32 && number >> 32 != 0 }
    }
}

#[inline(always)]
fn climb(path: KernelPointer, buffer: *mut [u8; PATH_MAX], start: &mut u32) -> Option<()> {
    let offsets = offsets();
    let mut entry = path.follow(offsets.path_dentry)?;
    let mut mount = path.follow(offsets.path_mnt)?;
    for _ in 0..DEPTH_MAX {
        let root = mount.follow(offsets.vfsmount_root)?;
        let parent = entry.follow(offsets.dentry_parent)?;
        if entry == root || entry == parent {
            // `mount.mnt` is what a path points at: step back to the mount around it.
            let around = KernelPointer(mount.0 - u64::from(offsets.mount_mnt));
            let above = around.follow(offsets.mount_parent)?;
            if above == around || entry != root {
                return Some(());
            }
            entry = around.follow(offsets.mount_mountpoint)?;
            mount = KernelPointer(above.0 + u64::from(offsets.mount_mnt));
            continue;
        }
        prepend(entry, buffer, start)?;
        entry = parent;
    }
    None
}

/// Writes `/` and the entry's name before what is there.
#[inline(always)]
fn prepend(entry: KernelPointer, buffer: *mut [u8; PATH_MAX], start: &mut u32) -> Option<()> {
    let offsets = offsets();
    let name = entry.0 + u64::from(offsets.dentry_name);
    // Little endian: the length is the upper half of `hash_len` (`include/linux/dcache.h`).
    let length = (KernelPointer(name).read::<u64>(offsets.qstr_hash_len)? >> 32) as u32;
    let characters = KernelPointer(name).follow(offsets.qstr_name)?;
    if length > NAME_MAX || length + 1 > *start {
        return None;
    }
    *start -= length + 1;
    let at = (*start & (PATH_MAX as u32 - 1)) as usize;
    let length = length & NAME_MAX;
    // SAFETY: the caller's buffer is followed by more of the same map value, so even the bounds that the verifier
    // assumes (1023 + 1 + 255) stay inside; the checks above keep the write inside `buffer`.
    unsafe {
        let to = buffer.cast::<u8>().add(at);
        *to = b'/';
        let failed = bpf_probe_read_kernel(to.add(1).cast(), length, characters.0 as *const _) != 0;
        if failed { None } else { Some(()) }
    }
}
