//! The root of cgroup v2, to which the programs are attached.

use std::{
    fs::{self, File},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
};

use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use super::ProbeError;

/// An open root of cgroup v2.
pub struct CgroupRoot {
    directory: OwnedFd,
    /// Where the host has it mounted; `None`: nowhere, and the agent holds a mount of its own that nobody else sees.
    pub mounted_at: Option<PathBuf>,
}

impl CgroupRoot {
    /// Opens the host's mount (unified, or beside v1 on a hybrid host), or makes a private one (`fsopen`, 5.2).
    pub fn open() -> Result<Self, ProbeError> {
        if let Some(path) = mount_point() {
            let directory = File::open(&path).map_err(|source| ProbeError::Cgroup { source })?;
            return Ok(Self {
                directory: directory.into(),
                mounted_at: Some(path),
            });
        }
        let directory = mount().map_err(|error| ProbeError::Cgroup { source: error.into() })?;
        Ok(Self {
            directory,
            mounted_at: None,
        })
    }
}

impl AsFd for CgroupRoot {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

/// A mount that is attached to no directory: it goes when the agent goes.
fn mount() -> rustix::io::Result<OwnedFd> {
    let context = fsopen("cgroup2", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(context.as_fd())?;
    fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::empty(),
    )
}

/// Where the host has the root of cgroup v2 mounted.
pub fn mount_point() -> Option<PathBuf> {
    parse(&fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// The mount of the hierarchy's root (fourth field `/`; in a container it may be a part of it) of type `cgroup2`.
fn parse(mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut fields = left.split(' ').skip(3);
        let (root, path) = (fields.next()?, fields.next()?);
        (root == "/" && right.split(' ').next()? == "cgroup2").then(|| PathBuf::from(path))
    })
}

#[cfg(test)]
mod tests;
