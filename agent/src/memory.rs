//! Keeps the resident memory small.
#![allow(unsafe_code, reason = "the allocator is set up by a C function")]

/// Has the allocator give large blocks back to the kernel when they are freed.
///
/// glibc raises its threshold for that to the largest block that was ever freed (mallopt(3), `M_MMAP_THRESHOLD`):
/// after the kernel's type information (6 MB) was read once, the heap would keep 11 MB that nobody uses. Setting the
/// threshold, here to its initial value, ends that. Other C libraries have no such habit.
pub fn give_back_what_is_freed() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `mallopt` may be called at any time; it takes numbers and keeps none of our memory.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
    }
}
