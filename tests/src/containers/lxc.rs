//! LXC, which has no images: a folder with some files is a container's root.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{apart, folder, remove_control_groups};
use crate::bed::TestBed;
use crate::process::Process;

/// Control groups that it leaves behind.
const CONTROL_GROUP: &str = "lxc.pivot";

/// An LXC with one root.
#[derive(Debug)]
pub struct Lxc {
    dir: TempDir,
    network: PathBuf,
}

impl Lxc {
    /// Containers have these files at their root, and the bed's network.
    pub fn new(bed: &TestBed, files: &[&Path]) -> Result<Self, String> {
        let lxc = Self {
            dir: folder(),
            network: bed.network(),
        };
        let root = lxc.dir.path().join("root");
        let config = format!(
            "lxc.rootfs.path = dir:{}\nlxc.net.0.type = none\nlxc.mount.auto = proc\n\
             lxc.apparmor.profile = unconfined\n",
            root.display()
        );
        // It mounts into folders that are there.
        let made = ["dev", "proc", "sys"]
            .iter()
            .try_for_each(|name| fs::create_dir_all(root.join(name)))
            .and_then(|()| fs::write(lxc.dir.path().join("config"), config))
            .and_then(|()| {
                let mut named = files.iter().filter_map(|file| Some((file, file.file_name()?)));
                named.try_for_each(|(file, name)| fs::copy(file, root.join(name)).map(drop))
            });
        made.map_err(|error| format!("{}: {error}", root.display()))?;
        Ok(lxc)
    }

    /// Starts a container of that name, which is gone when it ends.
    pub fn start(&self, name: &str, program: &[&str]) -> Process {
        let containers = self.dir.path().join("containers");
        fs::create_dir_all(containers.join(name)).expect("the test's own folder");
        let mut command = apart(&self.network);
        command
            .args(["lxc-execute", "--name", name, "--lxcpath"])
            .arg(containers);
        command
            .arg("--rcfile")
            .arg(self.dir.path().join("config"))
            .arg("--");
        Process::start(command.args(program))
    }
}

impl Drop for Lxc {
    fn drop(&mut self) {
        remove_control_groups(&[CONTROL_GROUP]);
    }
}
