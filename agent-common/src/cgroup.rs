//! Control groups that were made lately: the map `CGROUPS`, by their id. A program's group may be gone with it before the
//! agent asks where it ran.

/// Groups kept: those made last. One is asked for within a second of its first flow, so that this many would have to be
/// made in between.
pub const CGROUPS_MAX: u32 = 1_024;

/// Longest path kept, with the zero byte behind it; a longer one is not known. A pod in a container in a container takes 300.
pub const CGROUP_PATH_MAX: usize = 508;

/// The path of a control group (v2), from the root of the hierarchy.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CgroupPath {
    /// Bytes in `path`, a zero byte included.
    pub length: u32,
    /// `/system.slice/cron.service`.
    pub path: [u8; CGROUP_PATH_MAX],
}

crate::plain!(CgroupPath, 4 + CGROUP_PATH_MAX);
