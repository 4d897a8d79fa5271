//! The path of a file, walked up from its directory entry to the root of the mount namespace.

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;
use umbra_agent_common::process::PATH_MAX;

use crate::{maps::offsets, task::KernelPointer};

/// Deeper paths are cut at their beginning.
const DEPTH_MAX: usize = 64;
/// Longest name of a file (`include/uapi/linux/limits.h`).
const NAME_MAX: u32 = 255;

/// Writes the path at `path` (a `struct path`) to the end of `buffer`, and to `start` where it begins there.
///
/// `false`: its beginning is missing. `start` lies in map memory, of whose values the verifier knows nothing: so every
/// turn of the loop looks alike to it, and it need not follow each length apart.
#[inline(never)]
pub fn walk(path: u64, start: *mut u32, buffer: *mut [u8; PATH_MAX]) -> bool {
    if start.is_null() || buffer.is_null() {
        return false;
    }
    climb(KernelPointer(path), start, buffer).is_some()
}

#[inline(always)]
fn climb(path: KernelPointer, start: *mut u32, buffer: *mut [u8; PATH_MAX]) -> Option<()> {
    let offsets = offsets();
    let mut entry = path.follow(offsets.path_dentry)?;
    let mut mount = path.follow(offsets.path_mnt)?;
    // What lies in no directory, such as a memfd, has a name of its own all the same.
    if entry == entry.follow(offsets.dentry_parent)? && entry != mount.follow(offsets.vfsmount_root)? {
        return prepend(entry, start, buffer);
    }
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
        prepend(entry, start, buffer)?;
        entry = parent;
    }
    None
}

/// Writes `/` and the entry's name before what is there.
#[inline(always)]
fn prepend(entry: KernelPointer, start: *mut u32, buffer: *mut [u8; PATH_MAX]) -> Option<()> {
    let offsets = offsets();
    let name = entry.0 + u64::from(offsets.dentry_name);
    // Little endian: the length is the upper half of `hash_len` (`include/linux/dcache.h`).
    let length = (KernelPointer(name).read::<u64>(offsets.qstr_hash_len)? >> 32) as u32;
    let characters = KernelPointer(name).follow(offsets.qstr_name)?;
    // SAFETY: the caller's buffer is followed by more of the same map value, so even the bounds that the verifier
    // assumes (1023 + 1 + 255) stay inside; the check keeps the write inside `buffer`.
    unsafe {
        let end = start.read_volatile();
        if length > NAME_MAX || length + 1 > end {
            return None;
        }
        let begin = end - length - 1;
        start.write_volatile(begin);
        let to = buffer.cast::<u8>().add((begin & (PATH_MAX as u32 - 1)) as usize);
        *to = b'/';
        let failed =
            bpf_probe_read_kernel(to.add(1).cast(), length & NAME_MAX, characters.0 as *const _) != 0;
        if failed { None } else { Some(()) }
    }
}
